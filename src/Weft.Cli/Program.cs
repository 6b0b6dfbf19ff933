using System.Collections;
using Weft.Kvm;
using Weft.Linux;
using Weft.Linux.Loading;
using Weft.Vm;

int separator = Array.IndexOf(args, "--");
string[] command = args[(separator + 1)..];
List<string> environment = [];
foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
    environment.Add($"{entry.Key}={entry.Value}");
try
{
    new VirtualMachine(new KernelOptions { Way = args.Contains("attendant") ? SystemCallWay.Attendant : args.Contains("exit") ? SystemCallWay.Exit : SystemCallWay.Auto }).Run(command[0], command, environment);
}
catch (Exception exception) when (exception is KvmException or LoadException)
{
    Console.Error.WriteLine($"weft: {exception.Message}");
    return 125;
}
return 0;
