// The one program in the pods of the lab: a server, and what is done with it.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	arguments := append(os.Args[1:], "")
	switch arguments[0] {
	case "serve":
		serve()
	case "get":
		body, err := get(arguments[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Print(body)
	case "probe":
		probe(arguments[1])
	case "status":
		text, _ := os.ReadFile("/proc/self/status")
		fmt.Print(string(text))
	case "fork":
		fork()
	case "wait":
		time.Sleep(time.Minute)
	}
}

// serve answers with the name of the pod, until it is told to stop.
func serve() {
	name, _ := os.Hostname()
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprint(answer, name) })
	go func() { fmt.Fprintln(os.Stderr, http.ListenAndServe(":8080", nil)); os.Exit(1) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
}

// A connection per request, so that each is sent to an endpoint of its own.
var client = http.Client{
	Timeout:   5 * time.Second,
	Transport: &http.Transport{DisableKeepAlives: true},
}

func get(address string) (string, error) {
	answer, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", answer.StatusCode)
	}
	return string(body), err
}

// probe asks twenty times a second until it is told to stop, then tells what it met.
func probe(address string) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	asked, failures, pods := 0, []string{}, map[string]int{}
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case <-stop:
			json.NewEncoder(os.Stdout).Encode(map[string]any{"asked": asked, "failures": failures, "pods": pods})
			return
		case <-tick.C:
			asked++
			pod, err := get(address)
			if err != nil {
				failures = append(failures, time.Now().Format("15:04:05.000 ")+err.Error())
			} else {
				pods[pod]++
			}
		}
	}
}

// fork starts processes until the kernel refuses, and tells their number.
func fork() {
	for count := 0; ; count++ {
		child := exec.Command("/lab", "wait")
		if err := child.Start(); err != nil {
			fmt.Println(count, err)
			return
		}
		defer child.Process.Kill()
		if count > 2000 {
			fmt.Println(count, "without a limit")
			return
		}
	}
}
