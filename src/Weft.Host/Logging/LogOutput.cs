using Microsoft.Extensions.Logging;
using Weft.Vm.Daemon;

namespace Weft.Host.Logging;

/// <summary>Where the daemon's log goes.</summary>
internal static class LogOutput
{
    private const long LongestFileBytes = 4 << 20;

    /// <summary>Standard error in the foreground, else a file in the directory; warnings and worse, or everything of note.</summary>
    internal static JsonLinesLogger Open(DaemonOptions options, string directory) =>
        new(options.IsForeground ? Console.OpenStandardError() : OpenFile(Path.Combine(directory, DaemonFiles.Log)),
            options.IsVerbose ? LogLevel.Information : LogLevel.Warning, TimeProvider.System);

    private static FileStream OpenFile(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > LongestFileBytes })
            File.Move(path, path + ".old", true);
        return new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }
}
