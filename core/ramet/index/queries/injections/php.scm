(text) @inject.html
