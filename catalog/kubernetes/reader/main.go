// Prints the names that one version of Kubernetes knows, as JSON, read from its own source: the flags
// of its programs, the admission plugins of its API server, and the feature gates of its client
// library. Nothing of Kubernetes is compiled.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/types/typeutil"
)

const (
	kubernetes = "k8s.io/kubernetes/"
	plugins    = kubernetes + "pkg/kubeapiserver/options"
	client     = "k8s.io/client-go/features"
)

// The types that flags are defined on.
var sets = []string{
	"github.com/spf13/pflag.FlagSet",
	"k8s.io/component-base/cli/flag.NamedFlagSets",
	"k8s.io/component-base/logs/api/v1.flagSet",
}

// Where each program's flags begin: package and function, or method.
var programs = map[string][][2]string{
	"kube-apiserver":          {{"cmd/kube-apiserver/app/options", "Flags"}},
	"kube-controller-manager": {{"cmd/kube-controller-manager/app/options", "Flags"}},
	"kube-scheduler":          {{"cmd/kube-scheduler/app/options", "initFlags"}},
	"kubelet": {
		{"cmd/kubelet/app/options", "AddFlags"},
		{"cmd/kubelet/app/options", "AddKubeletConfigFlags"},
		{"cmd/kubelet/app/options", "AddGlobalFlags"},
	},
}

type function struct {
	declaration *ast.FuncDecl
	info        *types.Info
}

type reader struct {
	functions map[*types.Func]function
	packages  map[string]*packages.Package
}

func main() {
	reader := load()
	found := map[string][]string{}
	for program, starts := range programs {
		names, seen := map[string]bool{}, map[string]bool{}
		for _, start := range starts {
			for called := range reader.functions {
				if called.Name() == start[1] && called.Pkg().Path() == kubernetes+start[0] {
					reader.walk(called, nil, names, seen)
				}
			}
		}
		found[program] = sorted(names)
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"flags":       found,
		"plugins":     reader.plugins(),
		"clientGates": reader.clientGates(),
	}))
}

// Type-checks the packages; bodies are read only of files that may define flags or list plugins.
func load() reader {
	config := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedCompiledGoFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
		ParseFile: func(set *token.FileSet, name string, source []byte) (*ast.File, error) {
			file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
			if file != nil && !bytes.Contains(source, []byte("flag\"")) && !bytes.Contains(source, []byte("AllOrderedPlugins")) {
				for _, each := range file.Decls {
					if made, ok := each.(*ast.FuncDecl); ok {
						made.Body = nil
					}
				}
			}
			return file, err
		},
	}
	patterns := []string{plugins}
	for _, starts := range programs {
		patterns = append(patterns, kubernetes+starts[0][0])
	}
	roots, err := packages.Load(config, patterns...)
	check(err)
	found := reader{map[*types.Func]function{}, map[string]*packages.Package{}}
	packages.Visit(roots, nil, func(each *packages.Package) {
		found.packages[each.PkgPath] = each
		for _, file := range each.Syntax {
			for _, part := range file.Decls {
				if made, ok := part.(*ast.FuncDecl); ok && made.Body != nil {
					if object, ok := each.TypesInfo.Defs[made.Name].(*types.Func); ok {
						found.functions[object] = function{made, each.TypesInfo}
					}
				}
			}
		}
	})
	return found
}

// Follows the calls that hand a set of flags on, and notes down every flag that is defined.
//
// The texts are what the parameters of the function are known to be, for names that are made of them.
func (r reader) walk(called *types.Func, texts map[string]string, names, seen map[string]bool) {
	mark := fmt.Sprint(called.FullName(), texts)
	if seen[mark] {
		return
	}
	seen[mark] = true
	for _, made := range r.bodies(called) {
		ast.Inspect(made.declaration.Body, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			next, ok := typeutil.Callee(made.info, call).(*types.Func)
			if !ok || !takesFlags(next) {
				return true
			}
			if isFlagSet(receiver(next)) || isRegister(next) {
				if name := flagName(made.info, next, call, texts); name != "" {
					names[strings.ReplaceAll(name, "_", "-")] = true
				}
			}
			if !isFlagSet(receiver(next)) {
				r.walk(next, parameters(made.info, next, call), names, seen)
			}
			return true
		})
	}
}

// The bodies of a function; of an interface's method those of its package that have its name.
func (r reader) bodies(called *types.Func) []function {
	if made, there := r.functions[called.Origin()]; there {
		return []function{made}
	}
	found := []function{}
	if types.IsInterface(receiver(called)) {
		for other, made := range r.functions {
			if other.Name() == called.Name() && other.Pkg() == called.Pkg() && made.declaration.Recv != nil {
				found = append(found, made)
			}
		}
	}
	return found
}

func parameters(info *types.Info, called *types.Func, call *ast.CallExpr) map[string]string {
	found := map[string]string{}
	wanted := called.Type().(*types.Signature).Params()
	for index, each := range call.Args {
		if value := text(info, each, nil); value != "" && index < wanted.Len() {
			found[wanted.At(index).Name()] = value
		}
	}
	return found
}

// The name that a call gives to a flag; empty where it defines none.
func flagName(info *types.Info, called *types.Func, call *ast.CallExpr, texts map[string]string) string {
	for _, other := range []string{"Mark", "Lookup", "Set", "Get", "Changed", "Add", "Short", "Arg", "Parse", "Visit", "Sort", "FlagSet"} {
		if strings.HasPrefix(called.Name(), other) {
			return ""
		}
	}
	for _, each := range call.Args {
		if basic, ok := info.TypeOf(each).Underlying().(*types.Basic); ok && basic.Info()&types.IsString != 0 {
			return text(info, each, texts)
		}
	}
	return ""
}

// What an expression is, where that is known: a constant, a known parameter, or a text of these.
func text(info *types.Info, each ast.Expr, texts map[string]string) string {
	if value := info.Types[each].Value; value != nil && value.Kind() == constant.String {
		return constant.StringVal(value)
	}
	switch made := each.(type) {
	case *ast.Ident:
		return texts[made.Name]
	case *ast.CallExpr:
		if called, ok := typeutil.Callee(info, made).(*types.Func); ok && called.FullName() == "fmt.Sprintf" && len(made.Args) == 2 {
			return strings.ReplaceAll(text(info, made.Args[0], texts), "%s", text(info, made.Args[1], texts))
		}
	}
	return ""
}

// Helpers that take a flag of the standard library over into a set, by its name.
func isRegister(called *types.Func) bool {
	return strings.Contains(strings.ToLower(called.Name()), "register") && called.Type().(*types.Signature).Params().Len() > 1
}

func takesFlags(called *types.Func) bool {
	signature := called.Type().(*types.Signature)
	if isFlagSet(receiver(called)) {
		return true
	}
	for _, each := range []*types.Tuple{signature.Params(), signature.Results()} {
		for variable := range each.Variables() {
			if isFlagSet(variable.Type()) {
				return true
			}
		}
	}
	return false
}

func receiver(called *types.Func) types.Type {
	if own := called.Type().(*types.Signature).Recv(); own != nil {
		return own.Type()
	}
	return types.Typ[types.Invalid]
}

func isFlagSet(kind types.Type) bool {
	return slices.Contains(sets, strings.TrimPrefix(types.TypeString(kind, nil), "*"))
}

// The admission plugins, and whether they are on without being named.
func (r reader) plugins() map[string]bool {
	found := map[string]bool{}
	options := r.packages[plugins]
	for _, file := range options.Syntax {
		for _, part := range file.Decls {
			switch made := part.(type) {
			case *ast.GenDecl:
				for _, each := range made.Specs {
					if values, ok := each.(*ast.ValueSpec); ok && values.Names[0].Name == "AllOrderedPlugins" {
						mark(options.TypesInfo, values, found, false)
					}
				}
			case *ast.FuncDecl:
				if made.Name.Name == "DefaultOffAdmissionPlugins" {
					mark(options.TypesInfo, made.Body, found, true)
				}
			}
		}
	}
	return found
}

func mark(info *types.Info, node ast.Node, found map[string]bool, on bool) {
	ast.Inspect(node, func(each ast.Node) bool {
		if name, ok := each.(ast.Expr); ok {
			if value := info.Types[name].Value; value != nil && value.Kind() == constant.String {
				found[constant.StringVal(value)] = on
			}
		}
		return true
	})
}

// The feature gates of the client library, which every program takes over: the default and the lock.
func (r reader) clientGates() map[string][2]bool {
	found := map[string][2]bool{}
	info := r.packages[client].TypesInfo
	for _, file := range r.packages[client].Syntax {
		ast.Inspect(file, func(node ast.Node) bool {
			entry, ok := node.(*ast.KeyValueExpr)
			if !ok || !strings.HasSuffix(types.TypeString(info.TypeOf(entry.Value), nil), "VersionedSpecs") {
				return true
			}
			specs := entry.Value.(*ast.CompositeLit).Elts
			state := [2]bool{}
			for _, each := range specs[len(specs)-1].(*ast.CompositeLit).Elts {
				part := each.(*ast.KeyValueExpr)
				for index, field := range []string{"Default", "LockToDefault"} {
					if part.Key.(*ast.Ident).Name == field {
						state[index] = constant.BoolVal(info.Types[part.Value].Value)
					}
				}
			}
			found[text(info, entry.Key, nil)] = state
			return true
		})
	}
	return found
}

func sorted(names map[string]bool) []string {
	found := []string{}
	for name := range names {
		found = append(found, name)
	}
	slices.Sort(found)
	return found
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
