using System.Text.Json;
using System.Text.RegularExpressions;

namespace Weft.EndToEnd;

/// <summary>Programs at a terminal: keys, window sizes, Ctrl-C, and full screens.</summary>
public sealed class TerminalTests
{
    [VmTheory("/usr/bin/python3.11")]
    [EachWay]
    public async Task Keys_sizes_and_interrupts_arrive(string way) => await AssertSameAsync(
        new Command(await Programs.BuildAsync("terminal")), way, "status 0",
        ["expect", "ready"], ["expect", "size 80x24"], ["size", 100, 40], ["expect", "size 100x40"], ["type", "a"], ["expect", "key 97"],
        ["type", "\u0003"], ["expect", "interrupted"], ["type", "q"], ["end"]);

    [VmTheory("/usr/bin/python3.11")]
    [EachWay]
    public Task A_line_is_read_and_edited(string way) => AssertSameAsync(
        new Command("/usr/bin/python3.11", "-c", "name = input('name? '); print(f'<{name}>')"), way, "<weft>",
        ["expect", "name?"], ["type", "weeft\u007f\u007f\u007fft\n"], ["end"]);

    [VmTheory("/usr/bin/python3.11")]
    [EachWay]
    public Task Interrupt_key_ends_a_program(string way) => AssertSameAsync(
        new Command("/usr/bin/python3.11", "-c", """
            import time
            try:
                print("sleeping", flush=True)
                time.sleep(30)
            except KeyboardInterrupt:
                print("interrupted")
                raise SystemExit(9)
            """), way, "status 9", ["expect", "sleeping"],
        // Python asks for signals before it sleeps, not while it goes to sleep: outside too, one that comes just then waits.
        ["pause", 0.3], ["type", "\u0003"], ["end"]);

    [VmTheory("/usr/bin/python3.11", "less")]
    [EachWay]
    public Task Pager_scrolls(string way) => AssertSameAsync(
        new Command(Surroundings.Find("less")!, "/usr/share/common-licenses/GPL-3"), way, "status 0",
        ["expect", "GNU GENERAL PUBLIC LICENSE"], ["type", " "], ["expect", ":"], ["type", "G"], ["expect", "(END)"], ["type", "q"], ["end"]);

    [VmTheory("/usr/bin/python3.11")]
    [EachWay]
    public Task Curses_draws_a_screen(string way) => AssertSameAsync(
        new Command("/usr/bin/python3.11", "-c", """
            import curses
            def main(screen):
                curses.curs_set(0)
                screen.box()
                screen.addstr(2, 4, f"size {curses.COLS}x{curses.LINES}")
                screen.refresh()
                while (key := screen.getch()) != ord("q"):
                    screen.addstr(4, 4, f"key {key}   ")
                    screen.refresh()
            curses.wrapper(main)
            print("left the screen")
            """), way, "left the screen",
        ["expect", "size 80x24"], ["type", "x"], ["expect", "key 120"], ["type", "\u001bOA"], ["expect", "259"], ["type", "q"], ["end"]);

    [VmTheory("/usr/bin/python3.11", "bash")]
    [EachWay]
    public Task Interrupt_key_ends_the_foreground_job_and_not_its_shell(string way) => AssertSameAsync(
        Bash, way, "shell lives 130",
        ["expect", "$ "], ["type", "sh -c 'echo re\"\"ady; exec sleep 30'\n"], ["expect", "ready"], ["pause", 0.5], ["type", "\u0003"], ["expect", "$ "],
        ["type", "echo shell lives $?\n"], ["expect", "lives 130"], ["expect", "$ "], ["type", "exit\n"], ["end"]);

    [VmTheory("/usr/bin/python3.11", "bash")]
    [EachWay]
    public Task Stopped_job_goes_on_in_the_foreground(string way) => AssertSameAsync(
        Bash, way, "ended 143",
        ["expect", "$ "], ["type", "sh -c 'echo re\"\"ady; exec sleep 30'\n"], ["expect", "ready"], ["pause", 0.5], ["type", "\u001a"], ["expect", "Stopped"], ["expect", "$ "],
        ["type", "jobs; echo st''opped\n"], ["expect", "stopped"], ["expect", "$ "], ["type", "fg\n"], ["expect", "sleep 30"], ["pause", 0.5], ["type", "\u001a"],
        ["expect", "Stopped"], ["expect", "$ "], ["type", "bg\n"], ["expect", "$ "], ["type", "kill %1; wait %1; echo en''ded $?\n"],
        ["expect", "ended 143"], ["expect", "$ "], ["type", "exit\n"], ["end"]);

    [VmTheory("/usr/bin/python3.11", "bash")]
    [EachWay]
    public Task Interrupt_key_reaches_all_of_a_pipeline(string way) => AssertSameAsync(
        Bash, way, "both 130 130",
        ["expect", "$ "], ["type", "sleep 30 | sh -c 'sleep 0.5; echo re\"\"ady; exec sleep 31'\n"], ["expect", "ready"], ["pause", 0.3],
        ["type", "\u0003"], ["expect", "$ "], ["type", "echo bo''th ${PIPESTATUS[@]}\n"], ["expect", "both 130 130"], ["expect", "$ "],
        ["type", "exit\n"], ["end"]);

    [VmTheory("/usr/bin/python3.11", "bash", "cat")]
    [EachWay]
    public Task Background_job_that_reads_the_terminal_is_stopped(string way) => AssertSameAsync(
        Bash, way, "Stopped",
        ["expect", "$ "], ["type", "cat &\n"], ["expect", "$ "], ["pause", 1.0], ["type", "\n"], ["expect", "Stopped"], ["expect", "$ "],
        ["type", "fg\n"], ["expect", "cat"], ["pause", 0.5], ["type", "typed\n"], ["expect", "typed"], ["expect", "typed"],
        ["type", "\u0004"], ["expect", "$ "], ["type", "exit\n"], ["end"]);

    [VmTheory("/usr/bin/python3.11", "bash", "less")]
    [EachWay]
    public Task Pager_behind_a_pipe_has_the_terminal(string way) => AssertSameAsync(
        Bash, way, "back again",
        ["expect", "$ "], ["type", "seq 500 | less\n"], ["expect", "23"], ["type", "G"], ["expect", "500"], ["type", "q"], ["expect", "$ "],
        ["type", "echo back ag''ain\n"], ["expect", "back again"], ["expect", "$ "], ["type", "exit\n"], ["end"]);

    /// <summary>An interactive shell that says the same wherever it runs: no process ids, no files of the user's.</summary>
    private static Command Bash => new("/usr/bin/env", "PS1=$ ", "HISTFILE=", "/bin/bash", "--norc", "--noprofile", "--noediting", "-i");

    private static async Task AssertSameAsync(Command command, string way, string mustPrint, params object[][] steps)
    {
        var native = await Runs.OnceAsync(AtTerminal(command, steps));
        var vm = await Runs.OnceAsync(AtTerminal(command.InVm(way), steps));
        if (new Comparison { MustPrint = mustPrint, Normalise = WithoutJobIds }.Difference(native, vm) is { } difference)
            Assert.Fail($"{difference}\n\n{command.InVm(way).Typed}\nVM: {vm.Describe()}\nnative: {native.Describe()}");
    }

    private static string WithoutJobIds(string text) => Regex.Replace(text, @"(?<=\[\d\] )\d+", "ID");

    private static Command AtTerminal(Command command, object[][] steps) => new(
        "/usr/bin/python3.11",
        [Path.Combine(Repository.Programs, "python/terminal_driver.py"), JsonSerializer.Serialize(steps), command.Program, .. command.Arguments]);
}
