import js from "@eslint/js";
import globals from "globals";

export default [
    { ignores: ["static/dist/", "node_modules/", "var/", ".venv/", "docs/"] },
    js.configs.recommended,
    {
        files: ["static/src/**/*.js"],
        languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
    },
    {
        files: ["static/*.mjs", "eslint.config.js"],
        languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.node },
    },
    {
        rules: {
            eqeqeq: ["error", "always", { null: "ignore" }],
            "no-eval": "error",
            "no-implied-eval": "error",
            "no-new-func": "error",
            "no-var": "error",
            "prefer-const": "error",
            "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
        },
    },
];
