" :make checks the file and fills the quickfix list.
if exists("b:did_ftplugin") | finish | endif
let b:did_ftplugin = 1
setlocal commentstring=#\ %s comments=:# shiftwidth=2 softtabstop=2 expandtab
setlocal makeprg=cnnspec\ check\ --format\ github\ %:S
let &l:errorformat = '::%trror file=%f\,line=%l\,col=%c\,%*[^:]::%m,'
  \ . '::%tarning file=%f\,line=%l\,col=%c\,%*[^:]::%m,%-G%.%#'
let b:undo_ftplugin = "setlocal commentstring< comments< shiftwidth< softtabstop< expandtab<"
  \ . " makeprg< errorformat<"
