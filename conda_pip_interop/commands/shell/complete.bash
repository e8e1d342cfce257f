_conda_pip() {
    if [ "${COMP_WORDS[1]}" != pip ] || [ "$COMP_CWORD" -lt 2 ]; then
        [ -n "$_conda_pip_before" ] && "$_conda_pip_before" "$@"
        return
    fi
    local candidate
    COMPREPLY=()
    while IFS= read -r candidate; do
        case "$candidate" in
            "${COMP_WORDS[COMP_CWORD]}"*) COMPREPLY+=("$candidate") ;;
        esac
    done < <(_conda_pip_candidates "${COMP_WORDS[@]:2:COMP_CWORD-1}")
}

# What completed conda's other commands goes on to do so.
_conda_pip_found="$(complete -p conda 2> /dev/null | sed -n 's/.* -F \([^ ]*\) .*/\1/p')"
[ "$_conda_pip_found" = _conda_pip ] || _conda_pip_before="$_conda_pip_found"
unset _conda_pip_found
complete -o bashdefault -o default -F _conda_pip conda
