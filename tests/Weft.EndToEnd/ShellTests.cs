using System.Text.RegularExpressions;

namespace Weft.EndToEnd;

/// <summary>Programs that start others and wait for them: shells, build tools, interpreters.</summary>
public sealed class ShellTests
{
    public static IEnumerable<string> Lines =>
    [
        "echo a; ls / | wc -l; (exit 3); echo $?",
        "for i in 1 2 3; do echo $i; done | tac | tr 1-3 a-c; echo ${PIPESTATUS[@]}",
        "x=$(seq 3 | tail -1); echo $x; cat <(echo sub)",
        "sleep 0.2 & wait $!; echo $?; (kill -TERM $BASHPID); echo $?; sh -c 'kill -9 $$'; echo $?",
        "f() { read x; echo got $x; }; echo hi | f; coproc cat; echo yo >&${COPROC[1]}; read l <&${COPROC[0]}; echo $l",
        "trap 'echo child' CHLD; /bin/true & wait; echo end",
        "trap 'echo usr' USR1; (sleep 0.2; kill -USR1 $$) & wait; echo $?; wait",
        "set -m; sleep 0.2 & fg >/dev/null; echo done",
        "set -o pipefail; yes | head -2; echo $?",
        "mkfifo pipe; (echo in > pipe) & cat pipe",
        "seq 20 | xargs -n 5 echo; seq 6 | xargs -P 3 -n 1 sh -c 'exit 0'; echo $?",
        "find /etc/apt -maxdepth 1 -type d -exec echo {} + -exec basename {} \\;",
        "timeout 0.3 sleep 5; echo $?; timeout -s KILL 0.3 sleep 5; echo $?",
        "exec 3>file; echo by 3 >&3; (echo by a child >&3); exec 3>&-; cat file",
        "echo 1 > shared; exec 4<>shared; (read line <&4); read rest <&4; echo \"[$rest]\"; cat /proc/self/fd/4 4<shared",
        "ulimit -n 77; sh -c 'ulimit -n'; umask 027; sh -c umask; cd /usr; sh -c pwd",
        "nohup sh -c 'echo kept' 2>/dev/null; setsid -w echo apart; flock lock -c 'echo locked'",
        "(sleep 0.1; echo late) | cat; echo $?",
        "for i in $(seq 15); do (exit $i) & p=\"$p $!\"; done; n=0; for j in $p; do wait $j; n=$((n + $?)); done; echo $n",
    ];

    [VmTheory("bash", "timeout", "flock", "xargs")]
    [EachWay(From = nameof(Lines))]
    public async Task Shell_starts_and_awaits_programs(string line, string way)
    {
        using TemporaryFolder native = new(), inside = new();
        Command command = new("/bin/bash", "-c", line);
        Outcome expected = await Runs.OnceAsync(command with { WorkingDirectory = native.Path });
        Outcome actual = await Runs.OnceAsync(command.InVm(way) with { WorkingDirectory = inside.Path });
        string? difference = new Comparison { Normalise = WithoutIds }.Difference(expected, actual);
        Assert.True(difference is null, $"{difference}\n{line}\nVM: {actual.Describe()}\nnative: {expected.Describe()}");
    }

    /// <summary>Bash names who was killed by its id.</summary>
    private static string WithoutIds(string text) => Regex.Replace(text, @"(?<=: line 1: +)\d+", "ID");

    [VmTheory("make", "gcc")]
    [EachWay]
    public async Task Make_builds_with_gcc_and_runs(string way)
    {
        using TemporaryFolder folder = new();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "Makefile"),
            "run: program\n\t@./program one two\nprogram: first.o second.o\n\t@gcc -o $@ $^\n%.o: %.c\n\t@gcc -O1 -c -o $@ $<\n");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "first.c"),
            "#include <stdio.h>\nint sum(int, int);\nint main(int c, char **v) { printf(\"%s %s %d\\n\", v[1], v[2], sum(c, 4)); return 0; }\n");
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "second.c"), "int sum(int a, int b) { return a + b; }\n");
        Outcome outcome = await Runs.OnceAsync(new Command("/usr/bin/make", "-j2") { WorkingDirectory = folder.Path }.InVm(way));
        Assert.True(outcome is { Status: 0, Output: "one two 7\n" }, outcome.Describe());
    }

    [VmTheory("git")]
    [EachWay]
    public async Task Git_commits_clones_and_packs(string way)
    {
        using TemporaryFolder folder = new();
        const string script = """
            set -e
            export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' HOME=$PWD
            git init -q -b main first; cd first
            git config user.name name; git config user.email name@example.org
            seq 200 > file; git add file; git commit -qm first; seq 100 > file; git commit -qam second
            git gc -q; git fsck 2>&1; git log --format='%h %s' | cat
            cd ..; git clone -q first second; git -C second log --oneline | cat; git -C second diff HEAD~1 --stat | cat
            """;
        await NativeAndVm.AssertSameAsync(new Command("/bin/sh", "-c", "cd \"$(mktemp -d)\" && " + script), way, new Comparison { Status = 0, MustPrint = "second" });
    }

    [VmTheory("/usr/bin/python3.11")]
    [EachWay]
    public Task Python_starts_processes(string way) => NativeAndVm.AssertSameAsync(new Command("/usr/bin/python3.11", "-c", """
        import multiprocessing, os, signal, subprocess, sys
        def square(x): return x * x
        if __name__ == "__main__":
            print(subprocess.run(["tr", "a-z", "A-Z"], input=b"words", capture_output=True))
            print(subprocess.run("echo out; echo err >&2; exit 5", shell=True, capture_output=True))
            print(subprocess.Popen(["sleep", "9"]).poll())
            child = subprocess.Popen(["sleep", "9"]); child.terminate(); print(child.wait())
            try: subprocess.run(["/nowhere"])
            except FileNotFoundError as error: print(error)
            try: subprocess.run(["sleep", "9"], timeout=0.2)
            except subprocess.TimeoutExpired: print("expired")
            print(subprocess.check_output(["sh", "-c", "pwd; echo $A"], cwd="/usr", env={"A": "b"}, start_new_session=True))
            with multiprocessing.Pool(2) as pool: print(pool.map(square, range(5)))
            pid = os.fork()
            if pid == 0: os.kill(os.getpid(), signal.SIGUSR1)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            print(os.system("exit 3") >> 8, os.popen("echo piped").read())
        """), way, new Comparison { Status = 0, MustPrint = "piped" });

    [VmTheory("perl")]
    [EachWay]
    public Task Perl_starts_processes(string way) => NativeAndVm.AssertSameAsync(new Command(Surroundings.Find("perl")!, "-e",
        "$| = 1; system('echo hi'); print `echo back`; $p = fork; if (!$p) { exit 4 } waitpid $p, 0; print $? >> 8, qq(\\n);"
        + "open(F, '-|', 'seq', 3); print <F>; close F; open(G, '|-', 'tr a-z A-Z'); print G qq(words\\n); close G; system('kill -9 $$'); print $? & 127, qq(\\n);"),
        way, new Comparison { Status = 0, MustPrint = "WORDS" });

    [VmTheory("node")]
    [EachWay]
    public Task Node_starts_processes(string way) => NativeAndVm.AssertSameAsync(new Command(Surroundings.Find("node")!, "-e", """
        const c = require("child_process");
        console.log(c.execSync("echo hi").toString());
        const worker = c.spawn("sh", ["-c", "read x; echo got $x; exit 3"]);
        worker.stdout.on("data", data => process.stdout.write(data));
        worker.on("close", (code, signal) => console.log(code, signal));
        worker.stdin.end("line\n");
        """), way, new Comparison { Status = 0, MustPrint = "got line" });

    [VmTheory("ruby")]
    [EachWay]
    public Task Ruby_starts_processes(string way) => NativeAndVm.AssertSameAsync(new Command(Surroundings.Find("ruby")!, "-e",
        "puts `echo r`; p $?.exitstatus; Process.wait fork { exit 2 }; p $?.exitstatus; IO.popen('cat', 'r+') { |f| f.puts 'q'; f.close_write; p f.read }"),
        way, new Comparison { Status = 0, MustPrint = "q" });

    [VmTheory("R")]
    [EachWay]
    public Task R_starts_by_its_script(string way) => NativeAndVm.AssertSameAsync(
        new Command(Surroundings.Find("R")!, "--vanilla", "-s", "-e", "cat(sum(1:4), '\\n'); system('echo by R')"), way, new Comparison { Status = 0, MustPrint = "by R" });
}
