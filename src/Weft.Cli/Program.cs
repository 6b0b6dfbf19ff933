using Weft.Cli;
using Weft.Cli.Commands;

Failure.ReportUnhandled();
try
{
    return CommandLine.Invoke(args);
}
catch (Exception exception)
{
    return Failure.Report(exception);
}
