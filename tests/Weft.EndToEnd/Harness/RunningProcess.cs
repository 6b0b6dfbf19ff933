using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Weft.EndToEnd.Harness;

/// <summary>
/// A started program. Its output is gathered from the start; disposing kills it with all its descendants.
/// Safe for one user at a time.
/// </summary>
internal sealed class RunningProcess : IAsyncDisposable
{
    // Reading may outlast the process when a descendant keeps the pipe open.
    private static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(3);

    private readonly Process _process;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly Task _reading;

    private RunningProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(GatherAsync(process.StandardOutput, _output), GatherAsync(process.StandardError, _error));
    }

    /// <summary>The host's number of the started process, which is weft's own for a run in a VM.</summary>
    public int Id => _process.Id;

    /// <summary>What has been printed to standard output so far.</summary>
    public string Output { get { lock (_output) return _output.ToString(); } }

    /// <summary>What has been printed to standard error so far.</summary>
    public string Error { get { lock (_error) return _error.ToString(); } }

    /// <summary>Starts <paramref name="command"/> and feeds its standard input.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The program cannot be started.</exception>
    public static RunningProcess Start(Command command)
    {
        // The test host ignores SIGPIPE and hands that down; env restores the default and becomes the program.
        var start = new ProcessStartInfo("/usr/bin/env", ["--default-signal=PIPE", command.Program, .. command.Arguments])
        {
            WorkingDirectory = command.WorkingDirectory ?? Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Encoding.Latin1,
            StandardOutputEncoding = Encoding.Latin1,
            StandardErrorEncoding = Encoding.Latin1,
        };
        start.Environment.Clear();
        foreach (var (name, value) in Surroundings.Variables.Concat(command.Environment))
            start.Environment[name] = value;

        var process = Process.Start(start)!;
        var running = new RunningProcess(process);
        try
        {
            process.StandardInput.Write(command.Input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading its input: that is its right, as with any pipe.
        }
        return running;
    }

    /// <summary>Waits for the end; kills the whole tree once <paramref name="timeout"/> has passed.</summary>
    public async Task<Outcome> WaitAsync(TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        bool hung = false;
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            hung = true;
            KillTree();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
        await Task.WhenAny(_reading, Task.Delay(PipeGrace, CancellationToken.None));
        return new Outcome(_process.ExitCode, Output, Error, hung, _clock.Elapsed);
    }

    /// <summary>Waits until something accepts on a loopback port.</summary>
    /// <exception cref="InvalidOperationException">The program ended, or nobody listens in time; says what it printed.</exception>
    public async Task WaitForPortAsync(int port, TimeSpan timeout)
    {
        while (_clock.Elapsed < timeout && !_process.HasExited)
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync("127.0.0.1", port);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(20);
            }
        }
        throw new InvalidOperationException($"nobody listens on port {port}\n  stdout: {Output}\n  stderr: {Error}");
    }

    /// <summary>Waits until standard output contains <paramref name="text"/>.</summary>
    /// <exception cref="InvalidOperationException">The program ended first, or the time is up; says what it printed.</exception>
    public async Task WaitForOutputAsync(string text, TimeSpan timeout)
    {
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            if (_clock.Elapsed > timeout || (_process.HasExited && _reading.IsCompleted))
                throw new InvalidOperationException($"\"{text}\" was not printed\n  stdout: {Output}\n  stderr: {Error}");
            await Task.Delay(10);
        }
    }

    /// <summary>Sends the started process a signal, as <c>kill</c> does from a shell.</summary>
    public async Task SignalAsync(string name)
    {
        using var kill = Process.Start("/bin/kill", ["-s", name, Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            KillTree();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private void KillTree()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or AggregateException or System.ComponentModel.Win32Exception)
        {
            // It, or one of its descendants, ended by itself meanwhile.
        }
    }

    private static async Task GatherAsync(StreamReader from, StringBuilder into)
    {
        var buffer = new char[16 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer)) > 0)
            lock (into)
                into.Append(buffer, 0, count);
    }
}
