//! Claims that say nothing reliable: users write them themselves, so neither a role nor an id may come from there.

use api::ClaimPath;

/// The most names on the way to a claim.
const CLAIM_DEPTH_MAX: usize = 8;

/// What users write themselves, wherever it lies: at Supabase, Auth0, Clerk, Cognito and Zitadel. Names as [`plain`] makes them.
const EDITABLE: [&str; 5] =
    ["usermetadata", "rawusermetadata", "unsafemetadata", "userattributes", "userprofile"];

/// The profile of a person (OIDC Core, 5.1, and what else issuers call its parts): written by themselves, or not
/// one person's only. A mail address and a telephone number aren't among them: they count where the issuer has verified
/// them, which is judged with each token.
const PROFILE: [&str; 24] = [
    "name",
    "givenname",
    "familyname",
    "middlename",
    "nickname",
    "preferredusername",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "address",
    "displayname",
    "fullname",
    "firstname",
    "lastname",
    "avatarurl",
    "photourl",
    "bio",
    "uniquename",
    "phone",
    "timezone",
];

/// What people choose for themselves, though nobody else has the same: good for an id, and not for a role.
const CHOSEN: [&str; 3] = ["username", "login", "phonenumber"];

/// Whose content only servers write, whatever its parts are called.
const SERVER_WRITTEN: [&str; 4] =
    ["appmetadata", "rawappmetadata", "publicmetadata", "privatemetadata"];

/// By what Cognito's attributes begin that applications may let users write.
const CUSTOM_ATTRIBUTE: &str = "custom:";

/// The clients of a realm of Keycloak, by their names, which may be any.
const CLIENTS: &str = "resource_access";

/// What a claim is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// To be the user's id.
    Subject,
    /// To make somebody more than a user.
    Role,
}

/// Says why nothing may depend on the claim, and what to use instead.
pub(super) fn check_claim(name: &str, path: &ClaimPath, chosen_for: Use) -> Result<(), String> {
    if path.is_empty() || path.len() > CLAIM_DEPTH_MAX || path.iter().any(String::is_empty) {
        return Err(format!("{name} needs 1 to {CLAIM_DEPTH_MAX} names, none of them empty"));
    }
    let Some(editable) = editable(path, chosen_for) else { return Ok(()) };
    let (what, instead) = match chosen_for {
        Use::Subject => {
            ("an id", "use sub, or another claim that the issuer gives to one person for good")
        }
        Use::Role => (
            "a role",
            "use one that only servers write: app_metadata (Supabase, Auth0), public_metadata (Clerk), cognito:groups, \
             realm_access.roles (Keycloak), permissions, groups or roles",
        ),
    };
    Err(format!(
        "{name}: users may write or choose {editable:?} themselves, so {what} must not come from it: {instead}"
    ))
}

/// The first name on the way that makes the claim unreliable.
fn editable(path: &[String], chosen_for: Use) -> Option<&str> {
    let is_client = |at: usize| at == 1 && path[0] == CLIENTS;
    let is_server_written = |at: usize| at > 0 && SERVER_WRITTEN.contains(&&*plain(&path[0]));
    path.iter().enumerate().filter(|(at, _)| !is_client(*at)).find_map(|(at, segment)| {
        let last = plain(last_part(segment));
        let is_container = parts(segment).any(|part| EDITABLE.contains(&&*plain(part)));
        let is_profile =
            PROFILE.contains(&&*last) || chosen_for == Use::Role && CHOSEN.contains(&&*last);
        let is_of_user = segment.to_lowercase().ends_with(":user:metadata");
        let is_custom = segment.to_lowercase().starts_with(CUSTOM_ATTRIBUTE);
        let unreliable =
            is_container || is_of_user || is_custom || is_profile && !is_server_written(at);
        unreliable.then_some(segment.as_str())
    })
}

/// The parts of a name that is an address or has several parts; of an address without whose it is.
fn parts(segment: &str) -> impl Iterator<Item = &str> {
    let path = match segment.split_once("://") {
        Some((_, address)) => address.split_once('/').map_or("", |(_, path)| path),
        None => segment,
    };
    path.split(['/', '#', ':', '.', '?']).filter(|part| !part.is_empty())
}

fn last_part(segment: &str) -> &str {
    parts(segment).last().unwrap_or(segment)
}

/// Without what different spellings of a name differ in.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|it| !matches!(it, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &[&str], chosen_for: Use) -> Option<String> {
        let path: ClaimPath = path.iter().map(ToString::to_string).collect();
        check_claim("the_claim", &path, chosen_for).err()
    }

    #[test]
    fn what_users_write_is_neither_a_role_nor_an_id_wherever_it_lies_and_however_it_is_spelled() {
        let all: [&[&str]; 33] = [
            &["user_metadata", "role"],
            &["user_metadata"],
            &["userMetadata"],
            &["USER-METADATA", "role"],
            &["raw_user_meta_data", "role"],
            &["https://app.example/user_metadata"],
            &["https://app.example/user_metadata", "role"],
            &["https://app.example/user_metadata/role"],
            &["https://app.example/claims#user_metadata"],
            &["user_metadata.role"],
            &["claims", "user_metadata", "role"],
            &["app_metadata", "user_metadata", "role"],
            &["unsafeMetadata", "role"],
            &["unsafe_metadata"],
            &["user_attributes", "role"],
            &["custom:role"],
            &["Custom:Role"],
            &["claims", "custom:role"],
            &["urn:zitadel:iam:user:metadata", "role"],
            &["nickname"],
            &["name"],
            &["given_name"],
            &["familyName"],
            &["preferred_username"],
            &["preferredUsername"],
            &["https://app.example/nickname"],
            &["claims", "name"],
            &["profile", "role"],
            &["address", "region"],
            &["picture"],
            &["locale"],
            &["display_name"],
            &["unique_name"],
        ];
        for path in all {
            for chosen_for in [Use::Role, Use::Subject] {
                let told = told(path, chosen_for).unwrap_or_else(|| panic!("{path:?} passes"));
                assert!(told.starts_with("the_claim: users may write"), "{told}");
                let instead = if chosen_for == Use::Role { "app_metadata" } else { "use sub" };
                assert!(told.contains(instead), "{told}");
            }
        }
    }

    #[test]
    fn a_name_that_people_choose_may_be_an_id_and_no_role() {
        for path in [&["username"][..], &["cognito:username"], &["phone_number"], &["login"]] {
            assert!(told(path, Use::Role).is_some(), "{path:?}");
            assert_eq!(told(path, Use::Subject), None, "{path:?}");
        }
        assert_eq!(told(&["sub"], Use::Role), None);
        assert_eq!(told(&["email"], Use::Role), None, "it counts if it is verified");
    }

    #[test]
    fn what_servers_write_is_taken_at_every_issuer() {
        let all: [&[&str]; 28] = [
            &["role"],
            &["roles"],
            &["groups"],
            &["permissions"],
            &["scope"],
            &["scp"],
            &["wids"],
            &["cognito:groups"],
            &["app_metadata", "role"],
            &["appMetadata", "role"],
            &["app_metadata", "name"],
            &["app_metadata", "profile", "role"],
            &["public_metadata", "role"],
            &["publicMetadata", "name"],
            &["realm_access", "roles"],
            &["resource_access", "whereabouts", "roles"],
            &["resource_access", "website", "roles"],
            &["resource_access", "user_metadata", "roles"],
            &["https://profile.example.com/roles"],
            &["https://name.example/app_metadata", "role"],
            &["https://app.example.com/role"],
            &["https://hasura.io/jwt/claims", "x-hasura-default-role"],
            &["urn:zitadel:iam:org:project:roles"],
            &["org_role"],
            &["whereabouts_role"],
            &["username_role"],
            &["firebase", "tenant"],
            &["entitlements"],
        ];
        for path in all {
            assert_eq!(told(path, Use::Role), None, "{path:?}");
        }
        for path in [&["sub"][..], &["uid"], &["oid"], &["user_id"], &["email"], &["app", "uid"]] {
            assert_eq!(told(path, Use::Subject), None, "{path:?}");
        }
    }

    #[test]
    fn a_way_has_one_to_eight_names() {
        let eight = ["a"; 8];
        assert_eq!(told(&eight, Use::Role), None);
        for path in [&[][..], &[""], &["a", ""], &["a"; 9]] {
            assert!(told(path, Use::Role).is_some_and(|told| told.contains("1 to 8 names")));
        }
    }
}
