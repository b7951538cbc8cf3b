namespace FilterProxy.Filters.BasicAuth;

/// <summary><c>filterproxy password</c>: makes the hash of a password, which it reads from standard input.</summary>
[Component("password")]
public sealed class PasswordCommand : ICommand
{
    private const int WrongCommandLine = 1;

    private readonly TextReader _input;

    /// <summary>Creates one.</summary>
    public PasswordCommand()
        : this(Console.In)
    {
    }

    internal PasswordCommand(TextReader input) => _input = input;

    /// <inheritdoc/>
    public async ValueTask<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(output);
        if (arguments.Count > 0)
        {
            await output.WriteLineAsync(
                "usage: filterproxy password\n\nReads a password from standard input and prints its hash for basic_auth. Not an argument: others could read it in the list of processes.");
            return WrongCommandLine;
        }

        if (ReferenceEquals(_input, Console.In) && !Console.IsInputRedirected)
        {
            await Console.Error.WriteAsync("Password (it will be seen): ");
        }

        if (await _input.ReadLineAsync(cancel) is not { Length: > 0 } password)
        {
            await output.WriteLineAsync("there is no password");
            return WrongCommandLine;
        }

        await output.WriteLineAsync(PasswordHash.Create(password).ToString());
        return 0;
    }
}
