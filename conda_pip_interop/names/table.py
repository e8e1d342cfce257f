"""Our own table: PyPI projects whose conda name differs, and same names that mean something else.

Written by hand, of the best known projects, with conda-forge in mind; a section of its own says
where another channel differs. A table entry is a guess like any other: the payload confirms it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from packaging.utils import NormalizedName, canonicalize_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Renamed:
    """The project has other names on conda's side; the first that a channel has counts."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SomethingElse:
    """conda's package of the project's name is `what`, and carries no such distribution."""

    what: str


Entry: TypeAlias = Renamed | SomethingElse

DEFAULT_SECTION: Final = "conda-forge"

#: PyPI name → conda names, in one line each.
_RENAMED: Final = """
annoy                   python-annoy
apache-airflow          airflow apache-airflow
blosc                   python-blosc
blosc2                  python-blosc2
brotli                  brotli-python
build                   python-build
cadquery-ocp            ocp
cdo                     python-cdo
chemfiles               chemfiles-python
chromedriver-binary     python-chromedriver-binary
clang                   python-clang
confluent-kafka         python-confluent-kafka
de-core-news-sm         spacy-model-de_core_news_sm
dftd3                   dftd3-python
dftd4                   dftd4-python
docker                  docker-py
duckdb                  python-duckdb
eccodes                 python-eccodes
en-core-web-lg          spacy-model-en_core_web_lg
en-core-web-md          spacy-model-en_core_web_md
en-core-web-sm          spacy-model-en_core_web_sm
en-core-web-trf         spacy-model-en_core_web_trf
es-core-news-sm         spacy-model-es_core_news_sm
faiss-cpu               faiss faiss-cpu
faiss-gpu               faiss faiss-gpu
fastjsonschema          python-fastjsonschema
flatbuffers             python-flatbuffers
fr-core-news-sm         spacy-model-fr_core_news_sm
gfal2-python            python-gfal2
glfw                    pyglfw
gmsh                    python-gmsh
graphviz                python-graphviz
gssapi                  python-gssapi
h2o                     h2o-py
h3                      h3-py
hdfs                    python-hdfs
htcondor                python-htcondor
igraph                  python-igraph
importlib-metadata      importlib-metadata importlib_metadata
importlib-resources     importlib_resources importlib-resources
installer               python-installer
isal                    python-isal
julia                   pyjulia
kaleido                 python-kaleido
kubernetes              python-kubernetes
libarchive-c            python-libarchive-c
libclang                python-clang
libsass                 libsass-python
lief                    py-lief
lmdb                    python-lmdb
mip                     python-mip
msgpack                 msgpack-python
mujoco                  mujoco-python
nco                     pynco
neo4j                   neo4j-python-driver
nidaqmx                 nidaqmx-python
ninja                   ninja-python
opencv-contrib-python   py-opencv
opencv-contrib-python-headless py-opencv
opencv-python           py-opencv
opencv-python-headless  py-opencv
ortools                 ortools-python
osmium                  pyosmium
pdal                    python-pdal
pin                     pinocchio
planarity               python-planarity
playwright              playwright-python
psycopg2-binary         psycopg2
pvlib                   pvlib-python pvlib
pyqt5                   pyqt
pytorch-ignite          ignite
qdldl                   qdldl-python
qscintilla              qscintilla2
quantlib                quantlib-python
ray                     ray-core
redis                   redis-py
ruamel-yaml             ruamel.yaml
scitools-iris           iris
sentencepiece           sentencepiece-python sentencepiece
setuptools-scm          setuptools-scm setuptools_scm
shiboken2               pyside2
shiboken6               pyside6
sklearn-contrib-py-earth py-earth
snap-stanford           python-snap
sounddevice             python-sounddevice
soundfile               pysoundfile
sox                     pysox
soxr                    soxr-python
spams                   python-spams
suitesparse-graphblas   python-suitesparse-graphblas
symengine               python-symengine
tables                  pytables
tblite                  tblite-python
tiledb                  tiledb-py
torch                   pytorch
torch-cluster           pytorch_cluster
torch-geometric         pytorch_geometric
torch-scatter           pytorch_scatter
torch-sparse            pytorch_sparse
torch-spline-conv       pytorch_spline_conv
typing-extensions       typing_extensions
tzdata                  python-tzdata
uv                      python-uv
velocyto                velocyto.py
wasmtime                wasmtime-py
wget                    python-wget
xgboost                 py-xgboost
xmlsec                  python-xmlsec
xtb                     xtb-python
xxhash                  python-xxhash
z3-solver               z3-solver z3
zlib-ng                 python-zlib-ng
zxcvbn                  zxcvbn zxcvbn-python
"""
#: PyPI name → what conda's package of that name is, in one line each.
_SOMETHING_ELSE: Final = """
airflow                 Apache Airflow, on PyPI apache-airflow
aria2                   the download program
boost                   the C++ libraries
clang-format            the program, without its Python distribution
clang-tidy              the program, without its Python distribution
cmake                   the build tool, without its Python distribution
configurable-http-proxy the proxy written in Node.js
cppcheck                the program, without its Python distribution
cuda-toolkit            NVIDIA's libraries, without a Python distribution
dal                     the C++ library oneDAL
deno                    the JavaScript runtime, without its Python distribution
docker-py               the client that PyPI calls docker
ffmpeg                  the media tools
gh                      GitHub's command line
ghostscript             the PostScript interpreter
git-lfs                 Git's extension for large files
glpk                    the C library; swiglpk binds to it
gnupg                   GnuPG itself
hub                     a command line for GitHub
hugo                    the site generator, without its Python distribution
hunspell                the C++ library
hyperscan               the C++ library
ignite                  PyTorch Ignite, on PyPI pytorch-ignite
intel-openmp            the library, without its Python distribution
ipopt                   the solver; cyipopt binds to it
iris                    SciTools' Iris, on PyPI scitools-iris
jq                      the JSON processor
just                    the command runner
krb5                    the C library
libarchive              the C library; libarchive-c binds to it
libpcap                 the C library
libsvm                  the C library
mamba                   the package manager
metis                   the C library
mkl                     the library, without its Python distribution
mpich                   the MPI library, without its Python distribution
msgpack-python          the project that PyPI calls msgpack
mysql                   the database server
nodejs                  the JavaScript runtime
openmpi                 the MPI library, without its Python distribution
pandoc                  the document converter
parallel                GNU parallel
patchelf                the program, without its Python distribution
pcre2                   the C library
petsc                   the C library; petsc4py binds to it
plantuml                the program, written in Java
pytorch                 the project that PyPI calls torch
re2                     the C++ library
readline                the C library
ripgrep                 the program, without its Python distribution
sccache                 the compiler cache, without its Python distribution
slepc                   the C library; slepc4py binds to it
snappy                  the compression library; python-snappy binds to it
ssdeep                  the program and C library
swig                    the program, without its Python distribution
taplo                   the program, without its Python distribution
tbb                     the C++ library, without its Python distribution
tesseract               the text recogniser; pytesseract calls it
tree                    the program that lists folders
typos                   the program, without its Python distribution
vale                    the program, without its Python distribution
zstd                    the C library; zstandard binds to it
"""

#: What another channel has otherwise, by the channel's name; all else is as on conda-forge.
_SECTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "bioconda": ("", "salmon the quantifier of transcripts"),
    "gurobi": ("gurobipy gurobi", ""),
    "microsoft": ("playwright playwright", ""),
    "pytorch": ("triton torchtriton", ""),
}


def find_entry(project: NormalizedName, channels: Iterable[str] = ()) -> Entry | None:
    """Find what the table says of a project, the channels' own sections first, in their order.

    A channel is known by any part of its name or URL: `https://…/conda-forge`, `pkgs/main`.
    """
    for channel in channels:
        for part in channel.split("/"):
            entry = _TABLES.get(part, {}).get(project)
            if entry is not None:
                return entry
    return _TABLES[DEFAULT_SECTION].get(project)


def find_renamed_projects(conda_name: str) -> tuple[NormalizedName, ...]:
    """The projects that the table sends to a conda package: the table read backwards."""
    return tuple(
        project
        for project, entry in _TABLES[DEFAULT_SECTION].items()
        if isinstance(entry, Renamed) and conda_name in entry.names
    )


def _build_table(renamed: str, others: str) -> dict[NormalizedName, Entry]:
    table: dict[NormalizedName, Entry] = {}
    for line in others.strip().splitlines():
        name, what = line.split(maxsplit=1)
        table[canonicalize_name(name)] = SomethingElse(what=what)
    for line in renamed.strip().splitlines():
        name, *names = line.split()
        table[canonicalize_name(name)] = Renamed(names=tuple(names))
    return table


_TABLES: Final = {
    DEFAULT_SECTION: _build_table(_RENAMED, _SOMETHING_ELSE),
    **{name: _build_table(*section) for name, section in _SECTIONS.items()},
}
