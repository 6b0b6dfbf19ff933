using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Weft.Fuzz.Tests;

/// <summary>A run whose VMM is measured from outside whenever the program says that all is quiet.</summary>
internal sealed class VmmProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Task<string> _error;

    private VmmProcess(Process process)
    {
        _process = process;
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>What the VMM holds: open descriptors, threads, and KiB of anonymous memory.</summary>
    internal sealed record Holding(int Descriptors, int Threads, long AnonymousKib);

    public static VmmProcess Start(Command command)
    {
        var start = new ProcessStartInfo(command.Program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.Latin1,
            StandardErrorEncoding = Encoding.Latin1,
        };
        foreach (string argument in command.Arguments)
            start.ArgumentList.Add(argument);
        return new VmmProcess(Process.Start(start)!);
    }

    /// <summary>Runs to the end and measures at each "quiet" line.</summary>
    public async Task<(Outcome Outcome, List<Holding> Holdings)> WatchAsync(TimeSpan timeout)
    {
        List<Holding> holdings = [];
        using var limit = new CancellationTokenSource(timeout);
        var clock = Stopwatch.StartNew();
        bool hung = false;
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                _output.Append(line).Append('\n');
                if (!line.Contains("quiet ", StringComparison.Ordinal))
                    continue;
                if (Measure() is { } holding)
                    holdings.Add(holding);
                await _process.StandardInput.WriteAsync("\n".AsMemory(), limit.Token);
                await _process.StandardInput.FlushAsync(limit.Token);
            }
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            hung = true;
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }
        return (new Outcome(_process.ExitCode, _output.ToString(), await _error, hung, clock.Elapsed), holdings);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private Holding? Measure()
    {
        if (FindWeft(_process.Id) is not { } id)
            return null;
        string[] status = File.ReadAllLines($"/proc/{id}/status");
        return new Holding(Directory.GetFileSystemEntries($"/proc/{id}/fd").Length, (int)Number(status, "Threads:"), Number(status, "RssAnon:"));
    }

    private static int? FindWeft(int id)
    {
        // By its executable: the program can rename its threads.
        if (new FileInfo($"/proc/{id}/exe").LinkTarget?.EndsWith("/weft", StringComparison.Ordinal) == true)
            return id;
        foreach (string child in File.ReadAllText($"/proc/{id}/task/{id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            if (FindWeft(int.Parse(child, CultureInfo.InvariantCulture)) is { } found)
                return found;
        return null;
    }

    private static long Number(string[] status, string name) =>
        long.Parse(status.First(line => line.StartsWith(name, StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
