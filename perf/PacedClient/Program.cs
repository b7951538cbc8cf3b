using System.Globalization;
using PacedClient;

if (args.Length != 6)
{
    Console.Error.WriteLine("usage: PacedClient ADDRESS PORT PATH CONNECTIONS REQUESTS_PER_SECOND SECONDS");
    return 2;
}

var number = CultureInfo.InvariantCulture;
var (address, port, path) = (args[0], int.Parse(args[1], number), args[2]);
using var pacer = new Pacer(address, port, path, int.Parse(args[3], number), double.Parse(args[4], number), double.Parse(args[5], number));
pacer.Run();
Console.WriteLine("REPORT " + pacer.Report());
return 0;
