# Made by `conda pip completion`. To be sourced.

# Prints what may come next, one a line. Its arguments are the words after `conda pip`, the last of
# which is being typed.
_conda_pip_candidates() {
    local command="" environment="" previous="" word
    while [ $# -gt 1 ]; do
        word="$1"
        shift
        case "$previous" in
            -n|--name|-p|--prefix) environment="$word"; previous=""; continue ;;
        esac
        case "$word" in
            -*) ;;
            *) [ -n "$command" ] || command="$word" ;;
        esac
        previous="$word"
    done
    case "$previous" in
        -n|--name) _conda_pip_environments; return ;;
        -p|--prefix) return ;;
    esac
    case "$command $previous" in
        # @VALUES
    esac
    case "$1" in
        -*)
            case "$command" in
                # @OPTIONS
            esac
            ;;
        *)
            case "$command" in
                # @WORDS
            esac
            ;;
    esac
}

# Whether a name can be put on a command line as it is.
_conda_pip_plain() {
    case "$1" in
        ''|-*|*[!A-Za-z0-9._-]*) return 1 ;;
    esac
}

_conda_pip_environments() {
    local line
    echo base
    [ -r ~/.conda/environments.txt ] || return 0
    while IFS= read -r line; do
        if [ "${line%/envs/*}" != "$line" ] && [ -d "$line/conda-meta" ]; then
            _conda_pip_plain "${line##*/}" && printf '%s\n' "${line##*/}"
        fi
    done < ~/.conda/environments.txt
}

# The folder of an environment: by its path, by its name, or the active one.
_conda_pip_prefix() {
    local line
    case "$1" in
        '') printf '%s\n' "$CONDA_PREFIX" ;;
        */*) printf '%s\n' "$1" ;;
        base) printf '%s\n' "${CONDA_EXE%/bin/conda}" ;;
        *)
            [ -r ~/.conda/environments.txt ] || return 0
            while IFS= read -r line; do
                if [ "${line##*/}" = "$1" ]; then printf '%s\n' "$line"; return; fi
            done < ~/.conda/environments.txt
            ;;
    esac
}

# The names of what is in an environment: of `all`, or of what has a metadata folder of its own.
_conda_pip_installed() {
    local prefix file name
    prefix="$(_conda_pip_prefix "$1")"
    [ -n "$prefix" ] || return 0
    {
        if [ "$2" = all ]; then
            for file in "$prefix"/conda-meta/*-*-*.json; do
                name="${file##*/}"
                name="${name%-*}"
                name="${name%-*}"
                _conda_pip_plain "$name" && printf '%s\n' "$name"
            done
        fi
        for file in "$prefix"/lib/python3*/site-packages/*.dist-info; do
            name="${file##*/}"
            name="${name%%-*}"
            _conda_pip_plain "$name" && printf '%s\n' "$name" | tr 'A-Z_' 'a-z-'
        done
    } | sort -u
}

