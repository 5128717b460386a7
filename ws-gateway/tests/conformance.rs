//! The embedded adapter against the list of cases; the others need servers.

use ws_gateway::conformance::InProcess;
use ws_gateway::conformance_tests;

conformance_tests!(embedded, InProcess::new());
