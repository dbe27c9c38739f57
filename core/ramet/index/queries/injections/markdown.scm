(inline) @inject.markdown_inline
(html_block) @inject.html
(minus_metadata) @inject.yaml
(plus_metadata) @inject.toml
(fenced_code_block (info_string (language) @language) (code_fence_content) @content)
