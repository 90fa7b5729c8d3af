"""Bundles for real: from a chart repository and a registry into a folder, and into a mirror."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from registries import Helm, chart_repository, image_registry

from components.delivery.contents import BundleContents, ChartSource, ImageSource
from components.delivery.mirror import Mirror, image_address
from errors import CaasError, Code, bundle
from operations.bundle import BundleFolder, Tools
from plane.binaries import tools
from plane.progress import Silent

pytestmark = [pytest.mark.plane, pytest.mark.timeout(200)]


@pytest.fixture(scope="module")
def programs() -> Tools:
    return Tools(tools.helm(Silent()), tools.crane(Silent()), plain_http=True)


def crane(programs: Tools, *arguments: str) -> str:
    command = [programs.crane, "--insecure", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture
def source(programs: Tools, tmp_path: Path) -> Iterator[BundleContents]:
    """One chart and one image, as long as the fixture lives; the image's registry ends early."""
    (tmp_path / "hello").write_text("hello\n")
    layer = tmp_path / "layer.tar"
    with tarfile.open(layer, "w") as archive:
        archive.add(tmp_path / "hello", "hello")
    charts = tmp_path / "repository"
    charts.mkdir()
    helm = Helm(programs.helm, tmp_path / "helm")
    registry = image_registry(programs.crane, tmp_path / "registry.log")
    with chart_repository(helm, charts, "1.0.0") as address, registry as host:
        image = f"{host}/example/app:1"
        crane(programs, "append", f"--new_layer={layer}", f"--new_tag={image}")
        yield BundleContents(
            (ChartSource("greeting", "1.0.0", address),),
            (ImageSource(image, "greeting"),),
            ("Something else.",),
        )


def the_code(error: pytest.ExceptionInfo[CaasError]) -> Code:
    return error.value.problems[0].code


def test_it_is_packed_once_and_brought_to_a_mirror(
    programs: Tools, source: BundleContents, tmp_path: Path
) -> None:
    folder = BundleFolder(tmp_path / "bundle", programs)
    first = folder.pack(source, Silent())
    files = {each["file"]: each["digest"] for each in first["items"].values()}
    (image,) = source.images
    assert (
        first["items"][image.reference]["digest"]
        == crane(programs, "digest", image.reference).strip()
    )
    times = {name: (tmp_path / "bundle" / name).stat().st_mtime_ns for name in files}
    (tmp_path / "bundle/charts/old-1.tgz").write_text("of an earlier version of the stack")
    assert folder.pack(source, Silent()) == first
    assert times == {name: (tmp_path / "bundle" / name).stat().st_mtime_ns for name in files}
    assert not (tmp_path / "bundle/charts/old-1.tgz").exists()

    with image_registry(programs.crane, tmp_path / "mirror.log") as host:
        mirror = Mirror(registry=f"{host}/mirror", charts=f"oci://{host}/charts")
        for _ in range(2):
            folder.push(source, mirror, Silent())
        assert set(crane(programs, "catalog", host).split()) == {
            image_address(image.reference.rpartition(":")[0], mirror).partition("/")[2],
            "charts/greeting",
        }
        copied = crane(programs, "digest", image_address(image.reference, mirror)).strip()
        assert copied == first["items"][image.reference]["digest"]


def test_programs_are_copied_once(programs: Tools, tmp_path: Path) -> None:
    folder = BundleFolder(tmp_path / "bundle", programs)
    (name,) = folder.add_programs([programs.crane.parent])
    copy = tmp_path / "bundle/programs" / name / "crane"
    assert copy.read_bytes() == programs.crane.read_bytes()
    assert copy.stat().st_mode == programs.crane.stat().st_mode
    made = copy.stat().st_ctime_ns
    assert folder.add_programs([programs.crane.parent]) == [name]
    assert copy.stat().st_ctime_ns == made
    (tmp_path / "file").touch()
    with pytest.raises(CaasError) as error:
        BundleFolder(tmp_path / "file/inside", programs).add_programs([programs.crane.parent])
    assert the_code(error) is bundle.BUNDLE_NOT_WRITABLE


def test_a_damaged_file_is_fetched_again(
    programs: Tools, source: BundleContents, tmp_path: Path
) -> None:
    folder = BundleFolder(tmp_path / "bundle", programs)
    first = folder.pack(source, Silent())
    chart = next((tmp_path / "bundle/charts").iterdir())
    chart.write_bytes(b"cut off")
    mirror = Mirror(registry="127.0.0.1:1/m", charts="oci://127.0.0.1:1/c")
    with pytest.raises(CaasError) as error:
        folder.push(source, mirror, Silent())
    assert the_code(error) is bundle.BUNDLE_INCOMPLETE
    assert folder.pack(source, Silent()) == first


def test_what_goes_wrong_is_a_code(programs: Tools, source: BundleContents, tmp_path: Path) -> None:
    folder = BundleFolder(tmp_path / "bundle", programs)
    gone = BundleContents(source.charts, (ImageSource("127.0.0.1:1/example/app:1", "nobody"),), ())
    with pytest.raises(CaasError) as error:
        folder.pack(gone, Silent())
    assert the_code(error) is bundle.BUNDLE_FETCH_FAILED
    assert "127.0.0.1:1" in str(error.value)
    folder.pack(source, Silent())
    with pytest.raises(CaasError) as error:
        folder.push(source, None, Silent())
    assert the_code(error) is bundle.NO_MIRROR
    mirror = Mirror(registry="127.0.0.1:1/m", charts="oci://127.0.0.1:1/c")
    with pytest.raises(CaasError) as error:
        folder.push(source, mirror, Silent())
    assert the_code(error) is bundle.BUNDLE_PUSH_FAILED
    (tmp_path / "file").touch()
    with pytest.raises(CaasError) as error:
        BundleFolder(tmp_path / "file/inside", programs).pack(source, Silent())
    assert the_code(error) is bundle.BUNDLE_NOT_WRITABLE
