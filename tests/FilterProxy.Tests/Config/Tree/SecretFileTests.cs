using FilterProxy.Core.Config.Binding;
using FilterProxy.Core.Config.Tree;
using Xunit;

namespace FilterProxy.Tests.Config.Tree;

public sealed class SecretFileTests : IDisposable
{
    private const string Listener = "listeners: { web: { address: '127.0.0.1:0' } }\n";
    private const string Secret = "hunter2-correct-horse";

    private readonly ConfigFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("secret\n", "secret")]
    [InlineData("secret\r\n", "secret")]
    [InlineData("secret", "secret")]
    [InlineData("secret\n\n", "secret\n")]
    [InlineData(" two\nlines \n", " two\nlines ")]
    [InlineData("${PATH} $${x}", "${PATH} $${x}")]
    [InlineData("", "")]
    public void A_value_comes_from_a_file_without_the_newline_that_ends_it(string content, string expected)
    {
        _folder.Write("s/x", content);

        Assert.Equal(expected, Body("'${file:s/x}'"));
        Assert.Equal(expected, Body($"file:{_folder.At("s/x")}"));
    }

    [Fact]
    public void A_file_can_be_part_of_a_value()
    {
        _folder.Write("s", "b\n");

        Assert.Equal("a-b-c", Body("a-${file:s}-c"));
    }

    [Theory]
    [InlineData("file:///etc/hostname")]
    [InlineData("file:relative")]
    [InlineData("'$${file:x}'", "${file:x}")]
    public void What_only_looks_like_it_stays_a_text(string text, string? expected = null) => Assert.Equal(expected ?? text, Body(text));

    [Theory]
    [InlineData("${file:missing}", "2:20: file 'missing': there is no such file (looked for ~/missing)")]
    [InlineData("x-${file:missing}", "2:22: file 'missing': there is no such file (looked for ~/missing)")]
    [InlineData("file:~/missing", "2:20: file '~/missing': there is no such file (looked for ~/missing)")]
    [InlineData("${file:folder}", "2:20: file 'folder': the file cannot be read (it is a folder)")]
    [InlineData("${file:dangling}", "2:20: file 'dangling': there is no such file (looked for ~/dangling)")]
    [InlineData("${file:large}", "2:20: file 'large': the file is larger than 64KiB (looked for ~/large)")]
    [InlineData("${file:/dev/zero}", "2:20: file '/dev/zero': the file is larger than 64KiB (looked for /dev/zero)")]
    [InlineData("${file:binary}", "2:20: file 'binary': this is not UTF-8 text (encode it, e.g. as base64)")]
    [InlineData("${file:}", "2:20: a file needs a path ('${file:/run/secrets/name}')")]
    [InlineData("${file:x", "2:20: '${' is not closed (write '$${' for a plain '${')")]
    public void A_file_that_cannot_be_used_is_an_error_at_its_place(string value, string error)
    {
        _folder.Write("folder/x", "").Write("large", new string('x', 65537));
        File.WriteAllBytes(_folder.At("binary"), [0xFF, 0xFE, 0x00]);
        File.CreateSymbolicLink(_folder.At("dangling"), _folder.At("gone"));
        _folder.Write("main.yaml", $"{Listener}plugin_path:       {value.Replace("~", _folder.Path, StringComparison.Ordinal)}\n");

        _folder.AssertErrors($"~/main.yaml:{error}");
    }

    [Theory]
    [InlineData("http: { limits: { idle_timeout: '${file:s}' } }", "2:33: expected a duration like '250ms', got '${file:s}'")]
    [InlineData("http: { limits: '${file:s}' }", "2:17: expected a mapping of options, got '${file:s}'")]
    [InlineData("http: { underscores: '${file:s}' }", "2:22: expected one of allow, drop, reject, got '${file:s}'")]
    [InlineData("http: { forwarding: { via: 'a b ${file:s}' } }", "2:28: '(hidden)' cannot name a proxy in Via (letters, digits, '.' and '-'; or 'off')")]
    [InlineData("routes: [ { cluster: '${file:s}' } ]", "2:22: there is no cluster '(hidden)'")]
    public void No_message_shows_what_was_in_a_file(string line, string error)
    {
        _folder.Write("s", Secret).Write("main.yaml", Listener + line);

        _folder.AssertErrors($"~/main.yaml:{error}");
    }

    [Fact]
    public void What_a_component_says_about_its_options_does_not_show_it_either()
    {
        _folder.Write("s", Secret);
        var errors = new Core.Config.ConfigErrors();
        var node = YamlTreeReader.Read("size: '${file:s}'", _folder.At("c.yaml"), _ => null, errors);
        Assert.Null(ConfigBinder.BindOptions(typeof(Rude), node, "rude", node!.Location, errors));

        Assert.Equal("no: (hidden)", Assert.Single(errors.Items).Message);
    }

    [Fact]
    public void A_file_whose_content_changes_changes_the_configuration()
    {
        _folder.Write("s", "one").Write("main.yaml", Listener + "plugin_path: '${file:s}'");
        var first = _folder.Load();
        Assert.Equal(first, _folder.Load());

        _folder.Write("s", "two");

        Assert.NotEqual(first, _folder.Load());
    }

    private string Body(string value)
    {
        _folder.Write("main.yaml", $"{Listener}routes: [ {{ respond: {{ body: {(value[0] == '\'' ? value : $"'{value}'")} }} }} ]\n");
        return _folder.Load().Routes[0].Respond!.Body!;
    }

    public sealed record Rude
    {
        public string Size
        {
            get => "";
            init => throw new ArgumentException($"no: {value}");
        }
    }
}
