"""The names that differ between PyPI and conda, in lines to be read and mended by hand.

Of the best known projects only, and each looked up: a wrong line is worse than none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: PyPI name → conda names, in one line each.
RENAMED: Final = """
annoy                   python-annoy
antlr4-python3-runtime  antlr-python-runtime
apache-airflow          airflow apache-airflow
apache-superset         superset
arch                    arch-py
asana                   python-asana
b2                      backblaze-b2
blis                    cython-blis
blosc                   python-blosc
blosc2                  python-blosc2
boruta                  boruta_py
box2d                   pybox2d
brotli                  brotli-python
build                   python-build
ccxt                    ccxt-py
cdo                     python-cdo
chemfiles               chemfiles-python
chromedriver-binary     python-chromedriver-binary
cityhash                python-cityhash
confluent-kafka         python-confluent-kafka
couchdb                 python-couchdb couchdb-python
crosshair-tool          crosshair
cufflinks               python-cufflinks cufflinks-py
cyclonedds              cyclonedds-py
darts                   u8darts
de-core-news-sm         spacy-model-de_core_news_sm
delta-sharing           delta-sharing-python
dftd3                   dftd3-python
dftd4                   dftd4-python
docker                  docker-py
duckdb                  python-duckdb
eccodes                 python-eccodes
eccodes-python          python-eccodes
edgedb                  edgedb-python
en-core-web-lg          spacy-model-en_core_web_lg
en-core-web-md          spacy-model-en_core_web_md
en-core-web-sm          spacy-model-en_core_web_sm
en-core-web-trf         spacy-model-en_core_web_trf
es-core-news-sm         spacy-model-es_core_news_sm
esprima                 esprima-python
extract-msg             msg-extractor
fastjsonschema          python-fastjsonschema
flair                   python-flair
flatbuffers             python-flatbuffers
fr-core-news-sm         spacy-model-fr_core_news_sm
gfal2-python            python-gfal2
ghostscript             python-ghostscript
glfw                    pyglfw
glpk                    pyglpk
gmsh                    python-gmsh
gnupg                   gnupg-py
google                  googlesearch
gpiod                   gpiod-python
graphviz                python-graphviz
gssapi                  python-gssapi
h2o                     h2o-py
h3                      h3-py
hdfs                    python-hdfs
hjson                   hjson-py
htcondor                python-htcondor
hunspell                pyhunspell
hyperscan               python-hyperscan
igraph                  python-igraph
importlib-metadata      importlib-metadata importlib_metadata
importlib-resources     importlib_resources importlib-resources
installer               python-installer
isal                    python-isal
jq                      jq.py
jsii                    python-jsii
julia                   pyjulia
juliacall               pyjuliacall
juliapkg                pyjuliapkg
kaleido                 python-kaleido
kerberos                python-kerberos
kraken                  kraken-ocr
krb5                    pykrb5
kubernetes              python-kubernetes
langfuse                langfuse-python
lazrs                   lazrs-python
leveldb                 python-leveldb
libarchive-c            python-libarchive-c
libigl                  igl
libnacl                 libnacl-python-bindings
librt                   python-librt
libsvm                  libsvm-python
lief                    py-lief
lmdb                    python-lmdb
mapscript               mapserver
mathutils               blender-mathutils
meilisearch             meilisearch-python
meshcat                 meshcat-python
metis                   metis-python
metview                 metview-python
msgpack                 msgpack-python
mss                     python-mss
mt-940                  mt940
mujoco                  mujoco-python
nco                     pynco
neo                     python-neo
neo4j                   neo4j-python-driver
neo4j-driver            neo4j-python-driver
nidaqmx                 nidaqmx-python
ninja                   ninja-python
node-semver             python-node-semver
numpy-quaternion        quaternion
nvidia-cudnn-frontend   python-cudnn-frontend
nvidia-ml-py3           nvidia-ml
ollama                  ollama-python
opencv-python           py-opencv
opencv-python-headless  py-opencv
openexr                 openexr-python
openmesh                openmesh-python
openvino                libopenvino-python
oras                    oras-py
ortools                 ortools-python
osmium                  pyosmium
parquet                 parquet-python
pdal                    python-pdal
pdfkit                  python-pdfkit
perspective-python      perspective
pgadmin4                pgadmin4-python
pgvector                pgvector-python
pin                     pinocchio-python
planarity               python-planarity
playwright              playwright-python
plumed                  py-plumed
pocketsphinx            pocketsphinx-python
podman                  podman-py
prince                  prince-factor-analysis
pvlib                   pvlib-python pvlib
py-tlsh                 python-tlsh
pyqt5                   pyqt
pyqt5-stubs             pyqt-stubs
qdldl                   qdldl-python
qscintilla              qscintilla2
quantlib                quantlib-python
quickjs                 python-quickjs
ray                     ray-core
redis                   redis-py
releases                sphinx-releases
rethinkdb               rethinkdb-python
ribs                    pyribs
ruamel-yaml             ruamel.yaml
runpod                  runpod-python
s2geometry              s2geometry-python
sbol2                   pysbol2
sbol3                   pysbol3
scitools-iris           iris
selinux                 python-selinux
sentencepiece           sentencepiece-python sentencepiece
setuptools-scm          setuptools-scm setuptools_scm
shiboken2               pyside2
shiboken6               pyside6
sounddevice             python-sounddevice
soundfile               pysoundfile
sox                     pysox
soxr                    soxr-python
spams                   python-spams
stim                    quantumlib-stim
stratify                python-stratify
substrait               python-substrait
suitesparse-graphblas   python-suitesparse-graphblas
surrealdb               surrealdb-python
symengine               python-symengine
systemd-python          python-systemd
tables                  pytables
taplo                   python-taplo
tblite                  tblite-python
tiledb                  tiledb-py
tinyobjloader           tinyobjloader-python
torch                   pytorch
torch-cluster           pytorch_cluster
torch-geometric         pytorch_geometric
torch-scatter           pytorch_scatter
torch-sparse            pytorch_sparse
torch-spline-conv       pytorch_spline_conv
triangle                py-triangle
trino                   trino-python-client
tvm                     tvm-py
typing-extensions       typing_extensions
typst                   typst-py
tzdata                  python-tzdata
unicorn                 python-unicorn
usd-core                openusd
usearch                 usearch-python
uv                      python-uv
valkey                  valkey-py
vsts                    vsts-python-api
wasmer                  python-wasmer
wasmtime                wasmtime-py
webp                    pywebp
wget                    python-wget
wgpu                    wgpu-py
xatlas                  xatlas-python
xgboost                 py-xgboost
xtb                     xtb-python
xxhash                  python-xxhash
z3-solver               z3-solver z3
zerorpc                 zerorpc-python
zlib-ng                 python-zlib-ng
zstd                    python-zstd
zxcvbn                  zxcvbn zxcvbn-python
"""
#: PyPI name → what conda's package of that name is, in one line each.
SOMETHING_ELSE: Final = """
airflow                 Apache Airflow, on PyPI apache-airflow
aria2                   the download program
boost                   the C++ libraries
clang                   the compiler; no package of conda's carries its Python distribution
clang-format            the program, without its Python distribution
cmake                   the build tool, without its Python distribution
configurable-http-proxy the proxy written in Node.js
cuda-toolkit            NVIDIA's libraries, without a Python distribution
dal                     the C++ library oneDAL
dcm2niix                the program, without its Python distribution
deno                    the JavaScript runtime, without its Python distribution
docker-py               the client that PyPI calls docker
faiss-cpu               faiss, without a distribution of this name
faiss-gpu               faiss, without a distribution of this name
ffmpeg                  the media tools
geos                    the C library; shapely binds to it
gh                      GitHub's command line
git-lfs                 Git's extension for large files
gnupg                   GnuPG itself
hub                     a command line for GitHub
hugo                    the site generator, without its Python distribution
intel-openmp            the library, without its Python distribution
ipopt                   the solver; cyipopt binds to it
iris                    SciTools' Iris, on PyPI scitools-iris
just                    the command runner
libarchive              the C library; libarchive-c binds to it
libclang                the C library, without its Python distribution
libpcap                 the C library
libusb                  the C library, without its Python distribution
mamba                   the package manager
mkl                     the library, without its Python distribution
mpich                   the MPI library, without its Python distribution
msgpack-python          the project that PyPI calls msgpack
mysql                   the database server
nodejs                  the JavaScript runtime
openmpi                 the MPI library, without its Python distribution
openslide               the C library; openslide-python binds to it
pandoc                  the document converter
parallel                GNU parallel
patchelf                the program, without its Python distribution
pcre2                   the C library
petsc                   the C library; petsc4py binds to it
plantuml                the program, written in Java
pytorch                 the project that PyPI calls torch
quarto                  the publishing system, without its Python distribution
re2                     the C++ library
readline                the C library
ripgrep                 the program, without its Python distribution
rocksdb                 the C++ library; python-rocksdb binds to it
sccache                 the compiler cache, without its Python distribution
slepc                   the C library; slepc4py binds to it
snappy                  the compression library; python-snappy binds to it
swig                    the program, without its Python distribution
tbb                     the C++ library, without its Python distribution
tesseract               the text recogniser; pytesseract calls it
tree                    the program that lists folders
typos                   the program, without its Python distribution
vale                    the program, without its Python distribution
zbar                    the C library; pyzbar binds to it
"""

_BIOCONDA: Final = """
dna-jellyfish           kmer-jellyfish
edlib                   python-edlib
nextstrain-augur        augur
parasail                parasail-python
velocyto                velocyto.py
"""

#: What another channel has otherwise, by the channel's name; all else is as on conda-forge.
SECTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "bioconda": (_BIOCONDA, "diamond the aligner\nsalmon the quantifier of transcripts"),
    "gurobi": ("gurobipy gurobi", ""),
    "microsoft": ("playwright playwright", ""),
    "pytorch": ("pytorch-ignite ignite\ntriton torchtriton", ""),
}
