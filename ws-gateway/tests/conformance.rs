//! The embedded adapter against the list of cases; the others need servers.

use ws_gateway::conformance_tests;
use ws_gateway::live::conformance::InProcess;

conformance_tests!(embedded, InProcess::new());
