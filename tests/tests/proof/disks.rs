//! Every disk that a power cut can leave: built from the writes and syncs of a real run, and judged
//! by the loader of the data file and by what had been acknowledged.

use std::mem::size_of;

use common::booking::data_file;
use common::booking::table::Table;
use fastrand::Rng;
use harness::effort::Effort;
use harness::history::journal::{Event, Journal};
use harness::runner::sweep::Sweep;
use harness::stage::{ALL, Mechanism, Stage};
use zerocopy::IntoBytes;

/// What a disk writes whole.
const SECTOR: usize = 512;
/// Sectors of the data file.
const SECTORS: usize = size_of::<Table>().div_ceil(SECTOR);
/// Images that are tried as one point of a sweep.
const IMAGES: u64 = 1000;
/// Points of all stages together: ten million images.
const POINTS: u64 = 10_000;

/// A moment at which the power can go: between two events.
#[derive(Clone, Copy)]
struct Moment {
    /// For each sector, which of its contents is surely on disk, and which is the latest that may
    /// be.
    contents: [(usize, usize); SECTORS],
    /// The lowest counts that any reply has quoted.
    quoted: Table,
}

/// All that the power can do in a run.
struct Disks {
    first: Table,
    /// The contents of each sector over time.
    contents: [Vec<[u8; SECTOR]>; SECTORS],
    moments: Vec<Moment>,
}

impl Disks {
    fn new(journal: &Journal) -> Disks {
        let mut file = [0; SECTORS * SECTOR];
        file[..size_of::<Table>()].copy_from_slice(journal.first.as_bytes());
        let sector = |file: &[u8], number: usize| {
            let bytes = &file[number * SECTOR..(number + 1) * SECTOR];
            <[u8; SECTOR]>::try_from(bytes).unwrap()
        };
        let mut contents: [Vec<[u8; SECTOR]>; SECTORS] =
            std::array::from_fn(|number| vec![sector(&file, number)]);
        let mut moment = Moment { contents: [(0, 0); SECTORS], quoted: journal.first };
        let mut moments = vec![moment];
        // For each write so far, the latest content of each sector.
        let mut after_write = vec![[0; SECTORS]];
        for event in &journal.events {
            match event {
                Event::Write { offset, bytes } => {
                    let end = offset + bytes.len();
                    file[*offset..end].copy_from_slice(bytes);
                    let touched = offset / SECTOR..end.div_ceil(SECTOR);
                    for (number, contents) in contents.iter_mut().enumerate() {
                        if touched.contains(&number) {
                            contents.push(sector(&file, number));
                            moment.contents[number].1 = contents.len() - 1;
                        }
                    }
                    after_write.push(moment.contents.map(|(_, latest)| latest));
                }
                Event::Sync { writes } => {
                    for (number, safe) in after_write[*writes].into_iter().enumerate() {
                        moment.contents[number].0 = moment.contents[number].0.max(safe);
                    }
                }
                Event::Reply(counts) => {
                    for (row, count) in counts {
                        let quoted = &mut moment.quoted.rows[*row].seats;
                        quoted.set(quoted.get().min(*count));
                    }
                }
            }
            moments.push(moment);
        }
        Disks { first: journal.first, contents, moments }
    }

    /// What one power cut leaves: each sector as it was at any time since it was surely written.
    fn image(&self, rng: &mut Rng) -> (&Moment, [u8; size_of::<Table>()]) {
        let moment = &self.moments[rng.usize(..self.moments.len())];
        let mut image = [0; SECTORS * SECTOR];
        for (number, &(safe, latest)) in moment.contents.iter().enumerate() {
            let content = &self.contents[number][rng.usize(safe..=latest)];
            image[number * SECTOR..(number + 1) * SECTOR].copy_from_slice(content);
        }
        (moment, image[..size_of::<Table>()].try_into().unwrap())
    }

    /// Whether the next start finds on this disk what had been told to anybody.
    fn judge(&self, moment: &Moment, image: &[u8]) -> Result<(), String> {
        let mut table = data_file::parse(image).map_err(|error| format!("{error:#}"))?;
        for (row, show) in table.rows.iter_mut().enumerate() {
            let (found, quoted) = (show.seats.get(), moment.quoted.rows[row].seats.get());
            if found > quoted {
                return Err(format!("row {row}: {found} seats on disk, {quoted} were told"));
            }
            show.seats = self.first.rows[row].seats;
        }
        if table == self.first { Ok(()) } else { Err("more than the counts has changed".into()) }
    }
}

#[test]
fn no_power_cut_leaves_a_disk_without_what_was_told() {
    let name = "no_power_cut_leaves_a_disk_without_what_was_told";
    let operations = Effort::asked().of(200, 2000, 10_000);
    // What leaves over TLS says nothing to who listens.
    let readable = |stage: &Stage| stage.mechanism() != Mechanism::Tls;
    let stages: Vec<Stage> = ALL.into_iter().filter(readable).collect();
    for &stage in &stages {
        let (name_of_sweep, stages) = (format!("disks-{}", stage.package()), stages.len() as u32);
        let sweep = Sweep::new(&name_of_sweep, POINTS.div_ceil(stages.into()), stages);
        let seed = sweep.seed();
        let Some(journal) = Journal::record(name, stage, operations, seed) else { return };
        let disks = Disks::new(&journal);
        sweep.run(|point| {
            let mut rng = Rng::with_seed(seed ^ point);
            for _ in 0..IMAGES {
                let (moment, image) = disks.image(&mut rng);
                disks.judge(moment, &image).unwrap();
            }
        });
        let unsynced = Disks::new(&journal.without_syncs(0..usize::MAX));
        let mut rng = Rng::with_seed(seed);
        let is_wrong = |_| {
            let (moment, image) = unsynced.image(&mut rng);
            unsynced.judge(moment, &image).is_err()
        };
        assert!((0..20).any(is_wrong), "20 disks of a server that never syncs pass");
    }
}
