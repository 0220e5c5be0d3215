-- Neovim 0.11 or later: put this into init.lua.
vim.filetype.add({ extension = { cnn = "cnn" } })
vim.lsp.config("cnnspec", { cmd = { "cnnspec", "lsp" }, filetypes = { "cnn" }, root_markers = { ".git" } })
vim.lsp.enable("cnnspec")
vim.lsp.inlay_hint.enable(true)
