# Made by `conda pip completion`. To be sourced.

# Prints the words after `conda pip` and before the cursor.
function __conda_pip_words
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = pip; or return 1
    printf '%s\n' $words[3..]
end

# Whether the command is this one; without an argument, whether there is none yet.
function __conda_pip_at
    set -l words (__conda_pip_words); or return 1
    set -l previous
    for word in $words
        if not contains -- "$previous" -n --name -p --prefix; and not string match -q -- '-*' $word
            test "$word" = "$argv[1]"
            return
        end
        set previous $word
    end
    test -z "$argv[1]"; and not contains -- "$previous" -n --name -p --prefix
end

function __conda_pip_environments
    echo base
    test -r ~/.conda/environments.txt; or return 0
    for line in (string match -r '.*/envs/[^/]+$' < ~/.conda/environments.txt)
        test -d $line/conda-meta; and string match -r '[^/]+$' $line
    end
end

# The names of what is in the environment: of `all`, or of what has a metadata folder of its own.
function __conda_pip_installed
    set -l prefix $CONDA_PREFIX
    set -l words (__conda_pip_words)
    for number in (seq (count $words))
        if contains -- $words[$number] -p --prefix
            set prefix $words[(math $number + 1)]
        else if contains -- $words[$number] -n --name; and test -r ~/.conda/environments.txt
            set -l name (string escape --style=regex -- $words[(math $number + 1)])
            set prefix (string match -r ".*/envs/$name\$" < ~/.conda/environments.txt)[1]
        end
    end
    if test $argv[1] = all
        for file in $prefix/conda-meta/*-*-*.json
            string replace -r '.*/(.*)-[^-]*-[^-]*$' '$1' $file
        end
    end
    for file in $prefix/lib/python3*/site-packages/*.dist-info
        string replace -r '.*/([^-]*)-[^/]*$' '$1' $file | string lower | string replace -a _ -
    end
end

# @LINES
