"""IP addresses and CIDR blocks."""

from __future__ import annotations

import pytest

from livebus.pattern.address import InvalidAddress, address_of, block_of


@pytest.mark.parametrize(
    "text", ["10.0.0.1", "010.000.000.001", "::ffff:a00:1", "::FFFF:0a00:0001", "0:0:0:0:0:ffff:a00:1"]
)
def test_spellings_of_an_ipv4_address(text: str) -> None:
    """Leading zeros are decimal, and an IPv4-mapped address is IPv4."""
    assert bytes([10, 0, 0, 1]) == address_of(text)


@pytest.mark.parametrize("text", ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "2001:db8:0:0::1", "2001:00db8::1"])
def test_spellings_of_an_ipv6_address(text: str) -> None:
    """Case, zeros and the gap do not matter."""
    assert bytes.fromhex("20010db8000000000000000000000001") == address_of(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", ":", ":::", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "0000000001.0.0.1", "12345::", "1::2::3"),
        *(":1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8"),
        *("::ffff:10.0.0.1", "fe80::1%eth0"),
    ],
)
def test_other_texts_are_no_address(text: str) -> None:
    """What is only shaped like an address is a plain text."""
    assert address_of(text) is None


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("10.0.0.0/24", "0a000000", "0a0000ff"),
        ("10.0.0.5/24", "0a000000", "0a0000ff"),
        ("10.0.0.0/+8", "0a000000", "0affffff"),
        ("10.0.0.0/08", "0a000000", "0affffff"),
        ("0.0.0.0/0", "00000000", "ffffffff"),
        ("fe80::1/127", "fe80" + "0" * 28, "fe80" + "0" * 27 + "1"),
    ],
)
def test_blocks_reach_from_network_to_last_host(text: str, low: str, high: str) -> None:
    """Host bits in a block's address do not matter."""
    assert (bytes.fromhex(low), bytes.fromhex(high)) == block_of(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10.0.0.0", "Malformed CIDR, one '/' required"),
        ("10.0.0.0/", "Malformed CIDR, one '/' required"),
        ("1/2/3", "Malformed CIDR, one '/' required"),
        ("", "Malformed CIDR, one '/' required"),
        ("10.0.0.0/x", "Malformed CIDR, mask bits must be an integer"),
        ("10.0.0.0/ 8", "Malformed CIDR, mask bits must be an integer"),
        ("10.0.0.0/9999999999", "Malformed CIDR, mask bits must be an integer"),
        ("10.0.0.0/-1", "Malformed CIDR, mask bits must not be negative"),
        ("10.0.0.0/32", "IPv4 mask bits must be < 32"),
        ("::ffff:a00:0/104", "IPv4 mask bits must be < 32"),
        ("2001:db8::/128", "IPv6 mask bits must be < 128"),
        ("xx.1.1.1/8", "Nonstandard IP address: xx.1.1.1"),
        ("/8", "Nonstandard IP address: "),
        ("12345::/16", "Invalid IP address: 12345::"),
        ("256.1.1.1/8", "Invalid IP address: 256.1.1.1"),
    ],
)
def test_other_blocks_are_refused_in_awss_words(text: str, reason: str) -> None:
    """Each fault of a block has its own reason."""
    with pytest.raises(InvalidAddress) as caught:
        block_of(text)

    assert reason == str(caught.value)
