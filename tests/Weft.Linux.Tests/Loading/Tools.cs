using System.ComponentModel;
using System.Diagnostics;

namespace Weft.Linux.Tests.Loading;

using Process = System.Diagnostics.Process;

/// <summary>Programs of the machine that tests compare with.</summary>
internal static class Tools
{
    private const int TextFileBusy = 26;

    internal static string? Find(string name)
        => (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':')
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs to the end; a start that fails gives the errno.</summary>
    internal static Outcome Run(string path, params string[] arguments)
    {
        int attemptsLeft = 100;
        while (true)
        {
            try
            {
                return Start(path, arguments);
            }
            catch (Win32Exception exception) when (exception.NativeErrorCode == TextFileBusy && attemptsLeft-- > 0)
            {
                // Another test was starting a process while this file was being written; its child lets go in a moment.
                Thread.Sleep(5);
            }
            catch (Win32Exception exception)
            {
                return new(exception.NativeErrorCode, -1, [], exception.Message);
            }
        }
    }

    internal static string Text(string path, params string[] arguments)
    {
        Outcome outcome = Run(path, arguments);
        Assert.True(outcome is { Errno: 0, ExitCode: 0 }, $"{path}: errno {outcome.Errno}, status {outcome.ExitCode}: {outcome.Error}");
        return System.Text.Encoding.UTF8.GetString(outcome.Output);
    }

    private static Outcome Start(string path, string[] arguments)
    {
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        var output = new MemoryStream();
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        return new(0, process.ExitCode, output.ToArray(), error.Result);
    }

    internal sealed record Outcome(int Errno, int ExitCode, byte[] Output, string Error);
}
