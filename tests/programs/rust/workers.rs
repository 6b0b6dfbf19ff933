// Threads, channels, locks, panics that are caught, scoped threads, files and sockets: what Rust's library asks for.
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::{atomic::{AtomicU64, Ordering}, mpsc, Arc, Barrier, Condvar, Mutex, RwLock};
use std::time::{Duration, Instant};
use std::{env, fs, panic, process, thread};

fn channels() -> u64 {
    let (send, receive) = mpsc::sync_channel::<u64>(32);
    let producers: Vec<_> = (0..4)
        .map(|p| {
            let send = send.clone();
            thread::spawn(move || (0..5000).for_each(|n| send.send(n * 4 + p).unwrap()))
        })
        .collect();
    drop(send);
    let sum = receive.iter().sum();
    producers.into_iter().for_each(|p| p.join().unwrap());
    sum
}

fn locks() -> (u64, usize) {
    let counter = Mutex::new(0u64);
    let map = RwLock::new(HashMap::new());
    let atomic = AtomicU64::new(0);
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for t in 0..4u64 {
            let (counter, map, atomic, barrier) = (&counter, &map, &atomic, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for i in 0..2000u64 {
                    *counter.lock().unwrap() += i;
                    map.write().unwrap().insert(t * 2000 + i, i);
                    atomic.fetch_add(map.read().unwrap().len() as u64 & 1, Ordering::Relaxed);
                }
            });
        }
    });
    let sum = *counter.lock().unwrap();
    let size = map.read().unwrap().len();
    (sum, size)
}

fn network() -> std::io::Result<usize> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || {
        for stream in listener.incoming().take(8) {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            stream.write_all(line.trim().repeat(10_000).as_bytes()).unwrap();
        }
    });
    let mut total = 0;
    for i in 0..8 {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        writeln!(stream, "client{i}")?;
        total += stream.read_to_end(&mut Vec::new())?;
    }
    server.join().unwrap();
    let (a, b) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    a.send_to(b"datagram", b.local_addr()?)?;
    Ok(total + b.recv(&mut [0; 64])?)
}

fn files() -> std::io::Result<String> {
    let path = env::temp_dir().join(format!("weft-rust-{}", process::id()));
    let mut file = fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    for i in 0..1000 {
        writeln!(file, "line {i}")?;
    }
    file.seek(SeekFrom::Start(5))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    fs::remove_file(&path)?;
    let missing = fs::metadata(&path).unwrap_err().kind();
    Ok(format!("{} bytes, then {:?}", text.len(), missing))
}

fn main() {
    println!("channels {}", channels());
    println!("locks {:?}", locks());
    println!("network {}", network().unwrap());
    println!("files {}", files().unwrap());
    panic::set_hook(Box::new(|_| {}));
    let caught = thread::Builder::new().name("faulty".into()).stack_size(256 * 1024).spawn(|| -> () { panic!("on purpose") });
    println!("panic caught {:?}", caught.unwrap().join().unwrap_err().downcast_ref::<&str>());
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let (lock, condition) = &*pair;
    let start = Instant::now();
    let (_guard, timeout) = condition.wait_timeout(lock.lock().unwrap(), Duration::from_millis(20)).unwrap();
    println!("timed out {} {}", timeout.timed_out(), start.elapsed() >= Duration::from_millis(20));
    let words: BTreeMap<_, _> = "the quick brown fox".split(' ').map(|w| (w, w.len())).collect();
    println!("{words:?} parallelism {}", thread::available_parallelism().is_ok());
    process::exit(7);
}
