//! Room: how many connections there may be, and who makes room for a newcomer; the rule is that of
//! question 5.
//!
//! This stops clients that connect and stay: `sockets`
//! `a_connection_without_room_reads_that_the_server_is_busy`. And one address that takes all room
//! with connections that ask now and then: `the_address_with_most_connections_gives_way`.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Instant;

use q5_sockets::armour::registry::network;

use crate::armour::ending::IDLE_MIN;

/// Connections that were told to go and are not gone yet, at most.
const LEAVING_MAX: usize = 64;
/// Connections that one search looks at, at most: a flood of newcomers may not keep the loop busy.
const LOOKS_MAX: usize = 64;
/// Refused connections that are open at most. With one more the oldest is closed.
const REFUSED_MAX: usize = 64;

/// The connections by network: an IPv4 address, or the first 64 bits of an IPv6 one.
#[derive(Debug)]
pub(crate) struct Room {
    size: usize,
    /// Of each network its connections, with the time since which each was idle when it was looked
    /// at last. It may have been asked since: whoever looks for the one idle longest corrects that.
    networks: HashMap<IpAddr, BTreeSet<(Instant, u64)>>,
    /// The same of all networks together.
    all: BTreeSet<(Instant, u64)>,
    /// Where each stands in there.
    staying: HashMap<u64, (IpAddr, Instant)>,
    leaving: usize,
    refused: VecDeque<u64>,
}

/// What a newcomer finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Room,
    /// This one has to go for it.
    RoomOf(u64),
    Nothing,
}

impl Room {
    /// Room for so many connections.
    pub(crate) fn new(size: usize) -> Room {
        Room {
            size,
            networks: HashMap::new(),
            all: BTreeSet::new(),
            staying: HashMap::new(),
            leaving: 0,
            refused: VecDeque::new(),
        }
    }

    /// Looks for room for one from `peer`; `idle_since` says since when a connection is idle, and
    /// nothing of one that is being served.
    pub(crate) fn find(
        &mut self,
        peer: IpAddr,
        now: Instant,
        idle_since: impl Fn(u64) -> Option<Instant>,
    ) -> Found {
        if self.staying.len() < self.size {
            return Found::Room;
        }
        if self.leaving >= LEAVING_MAX {
            return Found::Nothing;
        }
        let newcomer = network(peer);
        let own = self.networks.get(&newcomer).map_or(0, BTreeSet::len);
        let count = self.networks.len() + usize::from(own == 0);
        let share = (self.size / count).max(1);
        let most = self.networks.iter().max_by_key(|(_, members)| members.len());
        let large = most.filter(|(_, members)| members.len() > share).map(|(&network, _)| network);
        let longest = self.longest(large, now, idle_since);
        let is_owed = large.is_some() && own < share;
        match longest {
            Some((since, id)) if is_owed || since + IDLE_MIN <= now => Found::RoomOf(id),
            _ => Found::Nothing,
        }
    }

    /// The connection of a network, or of all, that is idle longest; of those looked at, if a search
    /// would take too long. The next one goes on with the others.
    fn longest(
        &mut self,
        network: Option<IpAddr>,
        now: Instant,
        idle_since: impl Fn(u64) -> Option<Instant>,
    ) -> Option<(Instant, u64)> {
        let mut longest = None;
        for _ in 0..LOOKS_MAX {
            let members = network.map_or(Some(&self.all), |it| self.networks.get(&it));
            let Some(&(seen, id)) = members.and_then(BTreeSet::first) else { break };
            // One that is being served goes last.
            let since = idle_since(id).unwrap_or(now);
            longest = Some(longest.map_or((since, id), |other| (since, id).min(other)));
            if since <= seen {
                break;
            }
            if let Some((network, _)) = self.remove(id) {
                self.insert(id, network, since);
            }
        }
        longest
    }

    /// A connection takes its place.
    pub(crate) fn enter(&mut self, id: u64, peer: IpAddr, now: Instant) {
        self.insert(id, network(peer), now);
    }

    /// A connection was told to go: its place is free.
    pub(crate) fn tell_to_leave(&mut self, id: u64) {
        if self.remove(id).is_some() {
            self.leaving += 1;
        }
    }

    /// A connection is gone; `was_told` says whether it was told to go.
    pub(crate) fn leave(&mut self, id: u64, was_told: bool) {
        if let Some(at) = self.refused.iter().position(|&refused| refused == id) {
            self.refused.remove(at);
        } else if self.remove(id).is_none() && was_told {
            self.leaving = self.leaving.saturating_sub(1);
        }
    }

    /// A connection is refused, and stays for a moment; the one that has to be closed for that.
    pub(crate) fn refuse(&mut self, id: u64) -> Option<u64> {
        let oldest =
            if self.refused.len() == REFUSED_MAX { self.refused.pop_front() } else { None };
        self.refused.push_back(id);
        oldest
    }

    fn insert(&mut self, id: u64, network: IpAddr, since: Instant) {
        self.all.insert((since, id));
        self.networks.entry(network).or_default().insert((since, id));
        self.staying.insert(id, (network, since));
    }

    fn remove(&mut self, id: u64) -> Option<(IpAddr, Instant)> {
        let (network, since) = self.staying.remove(&id)?;
        self.all.remove(&(since, id));
        if let Some(members) = self.networks.get_mut(&network) {
            members.remove(&(since, id));
            if members.is_empty() {
                self.networks.remove(&network);
            }
        }
        Some((network, since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn address(number: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, number])
    }

    #[test]
    fn the_one_idle_longest_makes_room_and_one_that_is_asked_does_not() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut room = Room::new(2);
        room.enter(1, address(1), start);
        room.enter(2, address(1), at(10));
        let asked = |id| (id == 2).then_some(at(10));
        assert_eq!(room.find(address(1), at(20), asked), Found::Nothing);
        assert_eq!(room.find(address(1), at(1010), asked), Found::RoomOf(2));
        room.tell_to_leave(2);
        assert_eq!(room.find(address(1), at(1010), asked), Found::Room);
        room.enter(3, address(1), at(1010));
        assert_eq!(room.find(address(1), at(1500), |_| None), Found::Nothing);
        room.leave(2, true);
        room.leave(1, false);
        assert_eq!((room.leaving, room.staying.len()), (0, 1));
    }

    #[test]
    fn the_network_with_most_gives_way_to_others_down_to_its_share() {
        let now = Instant::now();
        let mut room = Room::new(6);
        (1..=6).for_each(|id| room.enter(id, address(1), now));
        let mut given_way = Vec::new();
        let mut come = |room: &mut Room, id, number| match room.find(address(number), now, |_| None)
        {
            Found::RoomOf(other) => {
                room.tell_to_leave(other);
                room.enter(id, address(number), now);
                given_way.push(other);
                true
            }
            found => found == Found::Room,
        };
        assert!(!come(&mut room, 7, 1), "all that is left is its own, and busy");
        assert!((7..10).all(|id| come(&mut room, id, 2)));
        assert!(!come(&mut room, 10, 2), "each has half of the room");
        assert!((10..12).all(|id| come(&mut room, id, 3)));
        assert!(!come(&mut room, 12, 3), "each has a third of the room");
        assert_eq!(given_way.iter().filter(|&&id| id <= 6).count(), 4);
    }

    #[test]
    fn a_search_looks_at_some_only_and_the_next_one_at_the_others() {
        let start = Instant::now();
        let now = start + Duration::from_secs(10);
        let mut room = Room::new(1000);
        (0..1000).for_each(|id| room.enter(id, address(1), start + Duration::from_millis(id)));
        let looks = std::cell::Cell::new(0);
        // The last of them is the only one that was not asked since.
        let idle_since = |id| {
            looks.set(looks.get() + 1);
            if id == 999 { Some(start + Duration::from_millis(999)) } else { Some(now) }
        };
        let mut found = Found::Nothing;
        let searches = (0..).find(|_| {
            looks.set(0);
            found = room.find(address(1), now, idle_since);
            assert!(looks.get() <= LOOKS_MAX);
            found != Found::Nothing
        });
        assert_eq!((found, searches), (Found::RoomOf(999), Some(999 / LOOKS_MAX)));
    }

    #[test]
    fn refused_connections_have_a_bound_and_the_oldest_goes_first() {
        let mut room = Room::new(1);
        let closed: Vec<u64> = (0..66).filter_map(|id| room.refuse(id)).collect();
        assert_eq!(closed, [0, 1]);
        room.leave(2, true);
        assert_eq!((room.refuse(66), room.leaving), (None, 0));
    }
}
