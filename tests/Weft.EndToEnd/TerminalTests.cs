using System.Text.Json;

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

    private static async Task AssertSameAsync(Command command, string way, string mustPrint, params object[][] steps)
    {
        var native = await Runs.OnceAsync(AtTerminal(command, steps));
        var vm = await Runs.OnceAsync(AtTerminal(command.InVm(way), steps));
        if (new Comparison { MustPrint = mustPrint }.Difference(native, vm) is { } difference)
            Assert.Fail($"{difference}\n\n{command.InVm(way).Typed}\nVM: {vm.Describe()}\nnative: {native.Describe()}");
    }

    private static Command AtTerminal(Command command, object[][] steps) => new(
        "/usr/bin/python3.11",
        [Path.Combine(Repository.Programs, "python/terminal_driver.py"), JsonSerializer.Serialize(steps), command.Program, .. command.Arguments]);
}
