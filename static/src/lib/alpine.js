// Fetched by pages that have an x-data element. Components are registered here with Alpine.data(): the CSP build
// evaluates property paths, not script text.
import Alpine from "@alpinejs/csp";

window.Alpine = Alpine;
Alpine.start();
