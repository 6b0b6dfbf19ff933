using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Weft.Bench;

/// <summary>A running program that measures one round whenever it is asked; bench/kernels/rounds.h has the protocol.</summary>
/// <remarks>Between rounds it sleeps in a read, so that it does not disturb the others that take turns with it.</remarks>
internal sealed class RoundServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly Process _process;
    private readonly Task<string> _errors;

    /// <summary>Starts the program.</summary>
    internal RoundServer(string[] command)
    {
        ProcessStartInfo start = new(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in command[1..])
            start.ArgumentList.Add(argument);
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new BenchmarkException($"{command[0]}: {error.Message}");
        }
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Nanoseconds an operation in one round.</summary>
    /// <exception cref="BenchmarkException">The program failed, found its answer wrong, or took too long.</exception>
    internal double Round(long operations)
    {
        string? line = null;
        try
        {
            _process.StandardInput.WriteLine(operations.ToString(CultureInfo.InvariantCulture));
            _process.StandardInput.Flush();
            Task<string?> answer = _process.StandardOutput.ReadLineAsync();
            if (!answer.Wait(Patience))
                throw new BenchmarkException($"no answer for {Patience.TotalSeconds} s");
            line = answer.Result;
        }
        catch (IOException)
        {
            // The program is gone; what it said follows.
        }
        string[] numbers = (line ?? "").Split(' ');
        if (numbers.Length == 2 && double.TryParse(numbers[0], CultureInfo.InvariantCulture, out double nanoseconds)
            && double.TryParse(numbers[1], CultureInfo.InvariantCulture, out double done) && done > 0)
            return nanoseconds / done;
        throw new BenchmarkException(LastWords());
    }

    /// <summary>
    /// As <see cref="Round"/>, but processor time of the program's first thread: what others do with the machine
    /// meanwhile counts little. What a round takes beside its operations falls out, as the difference of a long and a
    /// short round. Only for kernels that neither wait nor have threads.
    /// </summary>
    /// <exception cref="BenchmarkException">As for <see cref="Round"/>.</exception>
    internal double ProcessorRound(long operations)
    {
        long few = operations / 8;
        long start = SettledProcessorTime();
        Round(few);
        long middle = SettledProcessorTime();
        Round(operations);
        long end = SettledProcessorTime();
        return (double)(end - middle - (middle - start)) / (operations - few);
    }

    /// <summary>Ends the program.</summary>
    public void Dispose()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read all: fine.
        }
        if (!_process.WaitForExit(TimeSpan.FromSeconds(5)))
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    /// <summary>
    /// Nanoseconds that the first thread ran. The kernel brings the number up to date when a thread stops, so it is
    /// read until it stands still. Source: Documentation/scheduler/sched-stats.rst.
    /// </summary>
    private long SettledProcessorTime()
    {
        for (long last = -1; ;)
        {
            long now = long.Parse(File.ReadAllText($"/proc/{_process.Id}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);
            if (now == last)
                return now;
            last = now;
            Thread.Sleep(5);
        }
    }

    private string LastWords()
    {
        bool ended = _process.WaitForExit(TimeSpan.FromSeconds(2));
        string said = _errors.Wait(TimeSpan.FromSeconds(1)) ? _errors.Result.Trim() : "";
        string end = ended ? $"exit status {_process.ExitCode}" : "still running";
        return said.Length == 0 ? end : $"{said.Split('\n')[^1]} ({end})";
    }
}
