# complete.zsh FOLDER LINE...: what zsh offers for each line, one word a line behind "== LINE"; FOLDER holds _nnrun.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; PS2=; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D
compadd() {
    local -a hits
    if [[ \${@[1,(i)(-|--)]} != *-[OAD]* ]]; then
        builtin compadd -O hits \"\$@\"
        (( \$#hits )) && print -l -- \"offer \"\${^hits}
    fi
    builtin compadd \"\$@\"
}
show() { _main_complete; print; print no-more; compstate[insert]=; compstate[list]= }
zle -C complete-word complete-word show; bindkey '^I' complete-word
print re''ady"
while zpty -r shell line; do [[ $line == *ready* ]] && break; done
shift
for asked in "$@"; do
    print -r -- "== $asked"
    zpty -n -w shell "$asked"$'\t'
    while zpty -r shell line; do
        [[ $line == *no-more* ]] && break
        [[ $line == *offer\ * ]] && print -r -- "${${line##*offer }%%[[:space:]]*}"
    done
    zpty -n -w shell $'\025' # the line is wiped
done
