"""What apt and pip say about themselves, and what the lab makes of it."""

from pathlib import Path

from tests.lab.mirrors import Endpoint, endpoints, parse_pip_config, pip_conf, pip_urls, source_urls, translate_targets

TARGETS = """\
http://mirror.example/debian bookworm Debian
http://mirror.example/debian bookworm Debian
http://mirror.example/debian bookworm-updates $(ORIGIN)
http://mirror.example/debian bookworm-backports $(ORIGIN)
http://mirror.example/debian-security bookworm-security Debian
https://thirdparty.example/apt nodistro . nodistro
https://thirdparty.example/other bookworm Artifactory
"""


def test_debian_sources_are_translated_to_another_release_and_others_left_out() -> None:
    assert translate_targets(TARGETS, "bookworm", "trixie") == [
        "deb http://mirror.example/debian trixie main",
        "deb http://mirror.example/debian trixie-updates main",
        "deb http://mirror.example/debian-security trixie-security main",
    ]


def test_a_host_is_relayed_on_both_ports_of_the_web_or_on_its_own() -> None:
    urls = ["http://a.example/debian", "https://a.example/x", "http://b.example:3142/debian", "file:///srv/wheels"]

    assert endpoints(urls) == [Endpoint("a.example", 80), Endpoint("a.example", 443), Endpoint("b.example", 3142)]


def test_the_environment_wins_over_pips_files() -> None:
    listing = ":env:.index-url='https://env.example/simple'\nglobal.index-url='https://file.example/simple'\nglobal.timeout='9'"

    assert parse_pip_config(listing) == {"index-url": "https://env.example/simple", "timeout": "9"}


def test_pip_conf_carries_remote_indexes_and_not_those_in_files() -> None:
    settings = {
        "index-url": "https://index.example/simple",
        "extra-index-url": "file:///srv/simple https://more.example/simple",
        "find-links": "/srv/wheels",
        "cert": "/somewhere/else.pem",
    }

    assert pip_conf(settings, "/etc/bundle.crt") == (
        "[global]\n"
        "cert = /etc/bundle.crt\n"
        "index-url = https://index.example/simple\n"
        "extra-index-url = https://more.example/simple\n"
    )


def test_pips_own_index_and_file_host_are_known_when_none_is_configured() -> None:
    urls = pip_urls({"extra-index-url": "file:///srv/simple https://more.example/simple"})

    assert urls[-1] == "https://more.example/simple"
    assert len(endpoints(urls)) == 6, "an index, a file host and the extra one, each on two ports, and no files"


def test_a_configured_index_replaces_pips_own() -> None:
    assert pip_urls({"index-url": "https://index.example/simple"}) == ["https://index.example/simple"]


def test_sources_are_read_in_both_of_apts_formats(tmp_path: Path) -> None:
    (tmp_path / "etc/apt/sources.list.d").mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list").write_text("deb [signed-by=/x] http://a.example/debian bookworm main\n")
    deb822 = "Types: deb\nURIs: http://b.example/debian\nSuites: bookworm\n"
    (tmp_path / "etc/apt/sources.list.d/b.sources").write_text(deb822)

    assert source_urls(tmp_path) == ["http://a.example/debian", "http://b.example/debian"]
