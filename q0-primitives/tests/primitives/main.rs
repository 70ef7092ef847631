//! Every program of the lesson, watched from outside: what it says is compared with what the kernel
//! says.

mod fifos;
mod pipes;
mod processes;
mod program;
mod signals;
mod surroundings;
mod threads;
