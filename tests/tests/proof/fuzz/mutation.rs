//! Mutants: a kept input with a few changes, of the sizes and at the places where decoders go
//! wrong.

use fastrand::Rng;

use super::Diet;

/// Changes of one input at most.
const CHANGES_MAX: usize = 6;
/// Bytes at which signs, lengths and text encodings turn.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xbf, 0xc0, 0xfe, 0xff];
/// Integers at which arithmetic turns.
const NUMBERS: [i32; 9] = [i32::MIN, i32::MIN + 1, -1, 0, 1, 9, 10, 11, i32::MAX];

/// A changed copy of one of `inputs`; one time in 16 two of them joined.
pub(super) fn mutate(inputs: &[Vec<u8>], diet: &Diet, rng: &mut Rng) -> Vec<u8> {
    let mut bytes = choose(inputs, rng).clone();
    if rng.u8(..16) == 0 {
        let other = choose(inputs, rng);
        bytes.truncate(place(&bytes, rng));
        bytes.extend(&other[place(other, rng)..]);
    }
    for _ in 0..rng.usize(..=CHANGES_MAX) {
        change(&mut bytes, diet, rng);
    }
    bytes.truncate(diet.longest);
    bytes
}

fn change(bytes: &mut Vec<u8>, diet: &Diet, rng: &mut Rng) {
    let (at, to) = (place(bytes, rng), place(bytes, rng));
    let range = at.min(to)..at.max(to);
    match rng.u8(..9) {
        0 => set(bytes, at, &[rng.u8(..)]),
        1 => set(bytes, at, &[*choose(&EDGES, rng)]),
        2 => {
            let bit = bytes.get(at).map(|byte| byte ^ 1 << rng.u8(..8));
            set(bytes, at, bit.as_slice());
        }
        // Most fields are four bytes at a multiple of four.
        3 => set(bytes, at & !3, &choose(&NUMBERS, rng).to_le_bytes()),
        4 => drop(bytes.splice(at..at, choose(diet.words, rng).iter().copied())),
        5 => set(bytes, at, choose::<&[u8]>(diet.words, rng)),
        6 => drop(bytes.drain(range)),
        7 => {
            let copy: Vec<u8> = bytes[range].iter().copied().take(diet.longest).collect();
            drop(bytes.splice(to..to, copy));
        }
        _ => bytes.truncate(at),
    }
}

/// Overwrites bytes, as far as there are any.
fn set(bytes: &mut [u8], at: usize, with: &[u8]) {
    bytes[at..].iter_mut().zip(with).for_each(|(byte, with)| *byte = *with);
}

fn place(bytes: &[u8], rng: &mut Rng) -> usize {
    rng.usize(..=bytes.len())
}

fn choose<'a, T>(from: &'a [T], rng: &mut Rng) -> &'a T {
    &from[rng.usize(..from.len())]
}
