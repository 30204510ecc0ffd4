"""What holds the project together: locks, image, compose, and that its documents say what is so."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_by_hash_and_name_no_host(lock: str) -> None:
    text = _text(lock)
    pins = re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE)
    assert len(pins) > 50
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text and "--index-url" not in text


def test_the_servers_lock_leaves_out_what_a_telephone_never_needs() -> None:
    pins = set(re.findall(r"^([a-z0-9._-]+)==", _text("requirements.lock"), re.MULTILINE))
    assert not pins & {"numba", "llvmlite", "resampy", "matplotlib", "pytest", "torch"}
    assert {"pipecat-ai", "twilio", "websockets", "deepgram-sdk", "openai", "elevenlabs", "redis"} <= pins


def test_compose_follows_its_schema() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_setting_of_the_contract_is_in_the_readme() -> None:
    readme = _text("README.md")
    for name in (
        "PUBLIC_URL", "METRICS_PORT", "TWILIO_AUTH_TOKEN", "TWILIO_API_URL", "STT_PROVIDER", "DEEPGRAM_MODEL",
        "OPENAI_BASE_URL", "ELEVENLABS_VOICE_ID", "REDIS_URL", "DATABASE_URL", "DATA_DIR", "PLAYBOOK", "API_TOKEN",
        "ALLOW_EMBEDDED", "REDIS_OPTIONAL",
    ):  # fmt: skip
        assert f"`{name}`" in readme, name


def test_every_package_has_its_page() -> None:
    for package in ("bot", "pipelines", "telephony", "rehearsal"):
        page = _text(f"{package}/README.md")
        assert page.startswith(f"# {package}: "), package


def test_nothing_committed_names_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in {".wav", ".png", ".bin"} or not path.is_file():
            continue
        found = re.search(r"/(?:root|work|home/\w+)/\w", path.read_text("utf-8", errors="replace"))
        assert found is None, f"{name}: {found and found.group()}"


@pytest.mark.soak
def test_the_image_installs_small_and_serves(tmp_path: Path) -> None:
    """The Dockerfile's own install step, into a clean folder; no registry of images is needed for that."""
    prefix = tmp_path / "image"
    subprocess.run(["sh", "docker/install.sh", str(prefix)], cwd=ROOT, check=True, timeout=600)
    archive = tmp_path / "image.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(prefix, arcname="ngx-voice")
    megabytes = archive.stat().st_size / 1e6
    print(f"\nthe server's environment: {megabytes:.0f} MB compressed")  # noqa: T201
    assert megabytes < 300
    doctor = subprocess.run(
        [prefix / "bin" / "ngx-voice", "doctor"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
