using Weft.Host;

return DaemonCommandLine.Invoke(args);
