using Weft.Linux.Loading;
using Weft.Native;

namespace Weft.Cli;

/// <summary>Turns what went wrong into one line and a status; a stack trace only with WEFT_DEBUG=1.</summary>
public static class Failure
{
    private const string DebugVariable = "WEFT_DEBUG";

    /// <summary>Tells the user on standard error. Returns the status to exit with.</summary>
    public static int Report(Exception exception)
    {
        Exception cause = exception is TypeInitializationException or AggregateException && exception.InnerException is { } inner ? inner : exception;
        Console.Error.WriteLine("weft: " + Describe(cause));
        if (Environment.GetEnvironmentVariable(DebugVariable) is { Length: > 0 } and not "0")
            Console.Error.WriteLine(exception);
        return StatusOf(cause);
    }

    /// <summary>From now on an exception that nobody catches, on any thread, is reported and ends the process.</summary>
    public static void ReportUnhandled() =>
        AppDomain.CurrentDomain.UnhandledException += (_, details) =>
        {
            int status = details.ExceptionObject is Exception exception ? Report(exception) : ExitStatus.WeftFailed;
            HostStubs.Call(SystemCall.ExitGroup, status);
        };

    /// <summary>The status of a shell for what went wrong.</summary>
    public static int StatusOf(Exception exception) => exception switch
    {
        LoadException { Errno: Errno.ENOENT } => ExitStatus.NotFound,
        LoadException => ExitStatus.NotExecutable,
        _ => ExitStatus.WeftFailed,
    };

    private static string Describe(Exception exception) => exception switch
    {
        OutOfMemoryException => "the host has no memory left for the VMM; free some, or lower --memory",
        LoadException or UsageException or Kvm.KvmException or InvalidOperationException => exception.Message.ReplaceLineEndings(" "),
        IOException or UnauthorizedAccessException => exception.Message.ReplaceLineEndings(" "),
        _ => $"{exception.Message.ReplaceLineEndings(" ")} ({exception.GetType().Name}); this is a bug of Weft's, WEFT_DEBUG=1 shows where",
    };
}
