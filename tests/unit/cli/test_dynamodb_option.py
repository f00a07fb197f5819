"""The flag --endpoint of `livebus local`."""

from __future__ import annotations

import pytest

from livebus.cli import dynamodb_option, local


@pytest.mark.parametrize(
    "given",
    [
        "dynamodb",
        "dynamodb=",
        "dynamodb=127.0.0.1:8000",
        "dynamodb=ftp://127.0.0.1",
        "dynamodb=http://[::1",
        "dynamodb=http://127.0.0.1:99999",
        "dynamodb=http://127.0.0.1:port",
        "dynamodb=http://user:secret@127.0.0.1:8000",
        "dynamodb=http://127.0.0.1:8000/?a=b",
        "s3=http://127.0.0.1:8000",
        "dynamodb=http://dynamodb.us-east-1.amazonaws.com",
        "dynamodb=http://10.0.0.1:8000",
    ],
)
def test_what_is_no_endpoint_is_wrong_usage(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Another service, what is no URL, and plain HTTP to another machine: nothing is started."""
    with pytest.raises(SystemExit) as ended:
        local.main(["--endpoint", given])

    assert ended.value.code == 2
    assert "--endpoint" in capsys.readouterr().err.splitlines()[-1]


def test_a_region_is_not_for_other_machines(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reaches the runtime would use the caller's credentials."""
    with pytest.raises(SystemExit) as ended:
        local.main(["--endpoint", "dynamodb=https://dynamodb.eu-west-1.amazonaws.com", "--host", "0.0.0.0"])

    assert ended.value.code == 2
    assert "--host of this machine only" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "is_local", "region"),
    [
        ("http://127.0.0.1:8000", True, "eu-central-1"),
        ("https://localhost:8000", True, "eu-central-1"),
        ("https://dynamodb.eu-west-1.amazonaws.com", False, "eu-west-1"),
        ("https://dynamodb.example", False, "eu-central-1"),
    ],
)
def test_whose_credentials_sign(url: str, is_local: bool, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine the runtime's, elsewhere the caller's; the region is the host's where that names one."""
    seen: list[tuple[str, str, bool]] = []

    def connect(url: str, *, region: str, local: bool) -> object:
        seen.append((url, region, local))
        return None

    monkeypatch.setattr("livebus.aws.dynamodb_endpoint.connect", connect)

    endpoint = dynamodb_option.connected(url, "eu-central-1")

    assert (endpoint.url, endpoint.is_local, seen) == (url, is_local, [(url, region, is_local)])
