;; Emacs 29 or later: put this into init.el.
(define-derived-mode cnn-mode prog-mode "cnn"
  "Specs of cnnspec."
  (modify-syntax-entry ?# "<") (modify-syntax-entry ?\n ">")
  (setq-local comment-start "# " tab-width 2 indent-tabs-mode nil))
(add-to-list 'auto-mode-alist '("\\.cnn\\'" . cnn-mode))
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(cnn-mode "cnnspec" "lsp")))
(add-hook 'cnn-mode-hook #'eglot-ensure)
