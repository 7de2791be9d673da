/** What shells load to complete `postern`: each asks the program itself, by `postern __complete`. */
export const completionScripts = {
  bash: `_postern() {
  local IFS=$'\\n'
  COMPREPLY=($(postern __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _postern postern
`,
  zsh: `#compdef postern
_postern() {
  local -a found
  found=(\${(f)"$(postern __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _postern postern
`,
  fish: `function __postern_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l found (postern __complete -- $words[2..-1] "$current" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c postern -f -a '(__postern_complete)'
`,
} as const;

export type Shell = keyof typeof completionScripts;
export const shells = Object.keys(completionScripts) as Shell[];
