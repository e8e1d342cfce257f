"""What the world is made of: every project and version, pinned, in one table.

The versions are ones that have wheels for Python 3.10 to 3.13. Two versions of a project on the
channel are there so that updates can be tested; the index holds these and others.
"""

from __future__ import annotations

OLDEST_PYTHON = (3, 10)
NEWEST_PYTHON = (3, 13)

CONDA_VERSION = "24.7.1"
CONDA_LOCK_VERSION = "4.0.3"  # its wheel vendors a whole conda, of CONDA_VERSION

# On the channel, and in the index.
CHANNEL: dict[str, tuple[str, ...]] = {
    "archspec": ("0.2.5",),
    "attrs": ("24.2.0", "25.1.0"),
    "blinker": ("1.9.0",),
    "boltons": ("25.0.0",),
    "certifi": ("2025.1.31",),
    "charset-normalizer": ("3.4.1",),
    "click": ("8.1.7", "8.1.8"),
    "colorama": ("0.4.6",),
    "conda-package-handling": ("2.4.0",),
    "conda-package-streaming": ("0.11.0",),
    "distro": ("1.9.0",),
    "flask": ("3.0.3", "3.1.0"),
    "frozendict": ("2.4.6",),
    "idna": ("3.7", "3.10"),
    "itsdangerous": ("2.1.2", "2.2.0"),
    "jinja2": ("3.1.6",),
    "jsonpatch": ("1.33",),
    "jsonpointer": ("3.0.0",),
    "markupsafe": ("3.0.2",),
    "ninja": ("1.11.1.3",),
    "numpy": ("2.1.3", "2.2.4"),
    "packaging": ("24.2", "25.0"),
    "pip": ("24.0", "25.3"),
    "platformdirs": ("4.3.6",),
    "pluggy": ("1.5.0",),
    "python-sat": ("1.9.dev17",),  # conda's SAT solver; its usual one, pycosat, needs a compiler
    "requests": ("2.32.3",),
    "ruamel.yaml": ("0.18.10",),
    "ruamel.yaml.clib": ("0.2.12",),
    "setuptools": ("80.9.0",),
    "six": ("1.16.0",),
    "tomli": ("2.2.1",),
    "tqdm": ("4.67.1",),
    "truststore": ("0.10.0",),
    "urllib3": ("2.3.0",),
    "werkzeug": ("3.1.3",),
    "wheel": ("0.45.1",),
    "zstandard": ("0.23.0",),
}

# In the index only: newer, older, or not on the channel at all.
INDEX: dict[str, tuple[str, ...]] = {
    "argcomplete": ("3.6.2",),
    "attrs": ("23.2.0", "25.3.0"),
    "cachetools": ("5.5.2",),
    "chardet": ("5.2.0",),
    "click": ("8.1.3", "8.2.1"),
    "colorlog": ("6.9.0",),
    "cowsay": ("6.0", "6.1"),
    "dependency-groups": ("1.3.0",),
    "distlib": ("0.3.9",),
    "editables": ("0.5",),
    "filelock": ("3.17.0",),
    "flit-core": ("3.10.1",),
    "hatchling": ("1.27.0",),
    "idna": ("3.4", "3.11"),
    "nox": ("2025.2.9",),
    "numpy": ("2.1.1", "2.2.6"),
    "pathspec": ("0.12.1",),
    "pip": ("22.3.1", "23.0.1", "26.1.2"),
    "pipx": ("1.7.1",),
    "pyproject-api": ("1.9.0",),
    "py-rattler-build": ("0.73.0",),
    "pysocks": ("1.7.1",),
    "six": ("1.14.0", "1.15.0", "1.17.0"),
    "tox": ("4.24.1",),
    "trove-classifiers": ("2025.1.15.22",),
    "userpath": ("1.9.2",),
    "uv": ("0.13.9",),
    "virtualenv": ("20.29.1",),
}

# No wheel on PyPI: built from the sdist, once, by the running interpreter and for it alone.
BUILT: dict[str, str] = {"flask-testing": "0.8.1"}

# As on conda-forge, these carry a program but no Python distribution: no dist-info.
PROGRAMS = frozenset({"ninja"})

# Built for each Python, compiled files included, as Anaconda does (conda-forge has them noarch):
# otherwise conda compiles pip's 500 files in every environment that a test makes. six and idna are
# what most stories install for a transaction's sake: to compile, conda activates the environment
# first. Flask and click stay as they are on conda-forge.
PER_PYTHON = frozenset(
    {"pip", "setuptools", "six", "idna", "attrs"}
    | {"blinker", "itsdangerous", "jinja2", "werkzeug"}  # what Flask needs
)

# PyPI's normalized name -> conda-forge's spelling, where they differ.
CONDA_NAMES = {"ruamel-yaml": "ruamel.yaml", "ruamel-yaml-clib": "ruamel.yaml.clib"}

# What conda needs at run time (its own recipe's list, as of CONDA_VERSION).
CONDA_DEPENDS = (
    "archspec >=0.2.3",
    "boltons >=23.0.0",
    "charset-normalizer",
    "conda-package-handling >=2.2.0",
    "distro >=1.5.0",
    "frozendict >=2.4.2",
    "jsonpatch >=1.32",
    "packaging >=23.0",
    "platformdirs >=3.10.0",
    "pluggy >=1.0.0",
    "python >=3.8",
    "python-sat",
    "requests >=2.28.0,<3",
    "ruamel.yaml >=0.11.14,<0.19",
    "setuptools >=60.0.0",
    "tqdm >=4",
    "truststore >=0.8.0",
    "zstandard >=0.19.0",
)
