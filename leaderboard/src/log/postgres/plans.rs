use sql::StoreError;
use sql::postgres::{PrimaryConfig, Server};

/// Every statement looks up rows by their keys, however many. A server that believes the tables empty, since it hasn't looked
/// at them yet, would read all of them each time. And so a plan is as good whatever is looked up.
const PLANS: [(&str, &str); 5] = [
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_material", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// The one server that is read and written.
pub(super) fn primary(config: &PrimaryConfig) -> Result<Server, StoreError> {
    config.server(&PLANS)
}
