(atx_heading) @heading @name
(setext_heading) @heading @name
