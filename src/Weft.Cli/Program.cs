using Weft.Cli;

Failure.ReportUnhandled();
try
{
    return CommandLine.Invoke(args);
}
catch (Exception exception)
{
    return Failure.Report(exception);
}
