_conda_pip_as_sh() {
    emulate -L sh
    _conda_pip_candidates "$@"
}

_conda_pip() {
    if [[ $CURRENT -lt 3 || ${words[2]} != pip ]]; then
        ${_conda_pip_before:-_default} "$@"
        return
    fi
    local -a found
    found=(${(f)"$(_conda_pip_as_sh "${(@)words[3,CURRENT]}")"})
    if (( $#found )); then compadd -- $found; else _files; fi
}

# What completed conda's other commands goes on to do so.
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
[[ ${_comps[conda]-} == _conda_pip ]] || _conda_pip_before=${_comps[conda]-}
compdef _conda_pip conda
