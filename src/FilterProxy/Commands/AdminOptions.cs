using System.CommandLine;
using FilterProxy.Core.Config;
using FilterProxy.Core.Config.Includes;
using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Host.Commands;

/// <summary>
/// Where the admin API is and what opens it, as a command line says: an option, else a variable, else the configuration the proxy itself
/// would take.
/// </summary>
internal sealed class AdminOptions(Option<string> config)
{
    private const string AddressVariable = "FILTERPROXY_ADMIN";
    private const string TokenVariable = "FILTERPROXY_ADMIN_TOKEN";

    private readonly Option<string> _address = new("--admin")
    {
        Description = $"The admin listener: 127.0.0.1:9901 or unix:/run/admin.sock (default: ${AddressVariable}, else admin.address of the configuration)",
    };

    private readonly Option<string> _tokenFile = new("--token-file")
    {
        Description = $"A file with the admin token (default: ${TokenVariable}, else admin.token of the configuration)",
    };

    public void AddTo(Command command)
    {
        command.Add(_address);
        command.Add(_tokenFile);
    }

    /// <summary>A client for what the command line says.</summary>
    /// <exception cref="CommandException">It says nothing usable.</exception>
    public AdminClient Connect(ParseResult result)
    {
        var section = new Lazy<ConfigMapping?>(() => Section(result.GetValue(config)));
        var address = result.GetValue(_address) ?? Environment.GetEnvironmentVariable(AddressVariable) ?? Text(section.Value, "address")
            ?? throw new CommandException(ExitCode.Failure, "the configuration has no admin section: name the listener with --admin ADDRESS");
        var token = result.GetValue(_tokenFile) is { } file ? ReadToken(file)
            : Environment.GetEnvironmentVariable(TokenVariable) ?? (result.GetValue(_address) is null ? Text(section.Value, "token") : null);
        return new AdminClient(address, token);
    }

    // What is wrong elsewhere in the configuration is not this command's to say.
    private static ConfigMapping? Section(string? path) =>
        ConfigLoader.ReadTree(path ?? ConfigLocation.FindDefault(), new ConfigSources(), new ConfigErrors())?.Find("admin")?.Value as ConfigMapping;

    private static string? Text(ConfigMapping? section, string key) => section?.Find(key)?.Value is ConfigScalar { IsNull: false } scalar ? scalar.Text : null;

    private static string ReadToken(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failure, $"the token file cannot be read: {e.Message}");
        }
    }
}
