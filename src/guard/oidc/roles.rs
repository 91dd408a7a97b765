//! What the provider's roles are worth here.

use crate::store::Right;
use serde_json::{Map, Value};

/// Everybody whom the provider vouches for may do what readers may.
const EVERYBODY: [Right; 2] = [Right::ReadQueries, Right::ReadSessions];

#[derive(Debug, Clone, Default)]
pub struct Roles {
    /// The claim that holds them: its name, or a path of names with dots.
    pub claim: String,
    /// What each is worth; others are worth nothing.
    pub worth: Vec<(String, Vec<Right>)>,
    /// Who is to be an admin must have signed in in one of these ways (`amr` or `acr`); empty
    /// takes any.
    pub admin_by: Vec<String>,
}

pub struct Granted {
    pub rights: Vec<Right>,
    pub lacks_second_factor: bool,
}

impl Roles {
    /// `docs-admins=admin,writers=write:documents+read:queries`.
    pub fn worth(text: &str) -> Result<Vec<(String, Vec<Right>)>, String> {
        let entries = text.split(',').map(str::trim).filter(|e| !e.is_empty());
        entries
            .map(|entry| {
                // The last `=`: names of roles are anybody's.
                let (role, rights) = entry
                    .rsplit_once('=')
                    .ok_or_else(|| format!("`{entry}` is not of the form ROLE=SCOPE+SCOPE"))?;
                let rights = rights.split('+').map(|right| right.trim().parse());
                Ok((role.trim().to_owned(), rights.collect::<Result<_, _>>()?))
            })
            .collect()
    }

    pub fn granted(&self, claims: &Map<String, Value>) -> Granted {
        let held = names(self.held(claims));
        let mut rights = EVERYBODY.to_vec();
        for (role, worth) in &self.worth {
            if held.contains(&role.as_str()) {
                rights.extend(worth);
            }
        }
        let ways = ["amr", "acr"].map(|claim| names(claims.get(claim)));
        let is_enough = |way: &&str| self.admin_by.iter().any(|wanted| wanted == way);
        let is_strong = self.admin_by.is_empty() || ways.iter().flatten().any(is_enough);
        let lacks_second_factor = rights.contains(&Right::Admin) && !is_strong;
        if lacks_second_factor {
            rights.retain(|right| *right != Right::Admin);
        }
        rights.sort_unstable();
        rights.dedup();
        Granted {
            rights,
            lacks_second_factor,
        }
    }

    fn held<'c>(&self, claims: &'c Map<String, Value>) -> Option<&'c Value> {
        // Names of claims may have dots themselves: `https://example.com/roles`.
        claims.get(&self.claim).or_else(|| {
            let mut path = self.claim.split('.');
            let first = claims.get(path.next()?)?;
            path.try_fold(first, |at, name| at.get(name))
        })
    }
}

/// A list of names, or names with spaces between them.
fn names(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => text.split(' ').filter(|name| !name.is_empty()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn granted(roles: &Roles, claims: Value) -> Granted {
        roles.granted(claims.as_object().expect("an object"))
    }

    fn roles(claim: &str) -> Roles {
        Roles {
            claim: claim.to_owned(),
            worth: Roles::worth("chief=admin, w=write:documents+read:queries").expect("valid"),
            admin_by: Vec::new(),
        }
    }

    #[test]
    fn roles_are_found_by_name_and_by_path_and_others_are_worth_nothing() {
        for (claim, claims) in [
            ("roles", json!({"roles": ["w", "other"]})),
            ("roles", json!({"roles": "other w"})),
            (
                "realm_access.roles",
                json!({"realm_access": {"roles": ["w"]}}),
            ),
            ("https://e.org/roles", json!({"https://e.org/roles": ["w"]})),
        ] {
            let granted = granted(&roles(claim), claims);
            assert!(granted.rights.contains(&Right::WriteDocuments), "{claim}");
            assert!(!granted.rights.contains(&Right::Admin), "{claim}");
        }
        // A role that is called like a scope is worth nothing by that.
        for claims in [
            json!({}),
            json!({"roles": ["admin"]}),
            json!({"roles": {"chief": 1}}),
        ] {
            assert_eq!(granted(&roles("roles"), claims).rights, EVERYBODY);
        }
    }

    #[test]
    fn an_admin_without_a_second_factor_is_none() {
        let strict = Roles {
            admin_by: vec!["mfa".into(), "urn:gold".into()],
            ..roles("roles")
        };
        for (claims, is_admin) in [
            (json!({"roles": ["chief"]}), false),
            (json!({"roles": ["chief"], "amr": ["pwd"]}), false),
            (json!({"roles": ["chief"], "amr": ["pwd", "mfa"]}), true),
            (json!({"roles": ["chief"], "acr": "urn:gold"}), true),
            (json!({"roles": ["chief"], "acr": "urn:goldish"}), false),
        ] {
            let granted = granted(&strict, claims.clone());
            assert_eq!(granted.rights.contains(&Right::Admin), is_admin, "{claims}");
            assert_eq!(granted.lacks_second_factor, !is_admin, "{claims}");
        }
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        assert!(Roles::worth("a=root").is_err());
        assert!(Roles::worth("a").is_err());
        assert_eq!(Roles::worth("").expect("nothing is nothing"), []);
    }
}
