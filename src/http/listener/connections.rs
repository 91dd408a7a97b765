//! How many connections there may be at once, in all and from one place.

use crate::guard::bucket_address;
use crate::telemetry::metrics::{CONNECTIONS_OPEN, CONNECTIONS_REFUSED};
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;

/// Files that the process needs for itself: index, database, model, upstream connections.
const OWN_FILES: u64 = 256;

/// Who is one too many is told so, where that can be done in one packet.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n\
    Content-Length: 58\r\nRetry-After: 5\r\nConnection: close\r\n\r\n\
    Too many connections are open; try again in five seconds.\n";

/// The open connections.
pub struct Connections {
    /// In all.
    max: usize,
    /// From one address, or one IPv6 /64, that is no proxy of ours: half, so that no one place
    /// can take all of them.
    max_from_one: usize,
    proxies: Vec<IpNet>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    from: HashMap<IpAddr, usize>,
}

/// A place among the connections, given up when dropped.
pub struct Place {
    connections: Arc<Connections>,
    from: IpAddr,
}

impl Connections {
    /// At most `max`, and at most as many as this process may open.
    pub fn new(max: usize, proxies: Vec<IpNet>) -> Arc<Self> {
        let max = max.min(openable()).max(2);
        Arc::new(Self {
            max,
            max_from_one: max / 2,
            proxies,
            open: Mutex::default(),
        })
    }

    pub fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let from = bucket_address(peer);
        let is_proxy = self.proxies.iter().any(|net| net.contains(&peer));
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let held = open.from.get(&from).copied().unwrap_or(0);
        if open.all >= self.max || !is_proxy && held >= self.max_from_one {
            return None;
        }
        open.all += 1;
        *open.from.entry(from).or_default() += 1;
        metrics::gauge!(CONNECTIONS_OPEN).increment(1);
        Some(Place {
            connections: Arc::clone(self),
            from,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let open = &self.connections.open;
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        metrics::gauge!(CONNECTIONS_OPEN).decrement(1);
        if let Some(held) = open.from.get_mut(&self.from) {
            *held -= 1;
            if *held == 0 {
                open.from.remove(&self.from);
            }
        }
    }
}

/// Says that there is no place, without waiting for anything.
pub fn turn_away(stream: &TcpStream, encrypted: bool) {
    metrics::counter!(CONNECTIONS_REFUSED).increment(1);
    if !encrypted {
        let _heard_or_not = stream.try_write(FULL);
    }
}

/// Raises the process's own bound on open files as far as it may, and says what is left for
/// connections. Shells give 1,024 by default and allow far more.
fn openable() -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(OWN_FILES * 2);
    usize::try_from(files.saturating_sub(OWN_FILES)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_half_the_places_and_a_proxy_all() {
        let proxy = "10.0.0.0/8".parse().expect("a network");
        let connections = Connections::new(4, vec![proxy]);
        let [one, other] = [1, 2].map(|last| IpAddr::from([192, 0, 2, last]));
        let first = connections.enter(one);
        let second = connections.enter(one);
        assert!(first.is_some() && second.is_some());
        assert!(connections.enter(one).is_none());
        let third = connections.enter(other);
        assert!(third.is_some());
        drop((first, second, third));
        let all: Vec<_> = (0..5)
            .map(|_| connections.enter([10, 0, 0, 1].into()))
            .collect();
        assert_eq!(all.iter().flatten().count(), 4);
        drop(all);
        assert!(
            connections
                .open
                .lock()
                .expect("not poisoned")
                .from
                .is_empty()
        );
    }

    #[test]
    fn who_is_turned_away_gets_a_whole_answer() {
        let text = std::str::from_utf8(FULL).expect("ASCII");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(
            head.contains(&format!("Content-Length: {}", body.len())),
            "{}",
            body.len()
        );
    }
}
