using FilterProxy.TestOrigin;

// An upstream service in a process of its own, to be killed, stopped, slowed down and restarted: origin <port> <name>.
var origin = new Origin(int.Parse(args[0]), args[1]);
origin.Start();
Console.WriteLine("Ready.");

// One line, one order: "slow 500", "reset", "normal". The end of the input ends the process.
while (Console.ReadLine() is { } line)
{
    origin.Behave(line);
}
