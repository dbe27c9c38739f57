(rule_set (selectors) @name) @rule
(media_statement) @scope.rule
(keyframes_statement (keyframes_name) @name) @rule
