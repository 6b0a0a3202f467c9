#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "operator/kube/config.h"

namespace tenantry::kube {
namespace {

namespace fs = std::filesystem;

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (fs::temp_directory_path() / "kubeconfig-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() { fs::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string Write(const std::string& name, const std::string& content) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << content;
    return path_ / name;
  }
  std::string path() const { return path_; }

 private:
  fs::path path_;
};

// Sets an environment variable as long as it lives; no value: unsets it.
class Environment {
 public:
  Environment(const char* name, const std::optional<std::string>& value) : name_(name) {
    if (const char* old = ::getenv(name)) {
      old_ = old;
    }
    Set(value);
  }
  ~Environment() { Set(old_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void Set(const std::optional<std::string>& value) const {
    value ? ::setenv(name_, value->c_str(), 1) : ::unsetenv(name_);
  }

  const char* name_;
  std::optional<std::string> old_;
};

constexpr char kDocument[] = R"(
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: local, user: token, namespace: platform}}
- {name: prod, context: {cluster: inline, user: certificate}}
- {name: files, context: {cluster: files, user: files}}
- {name: anonymous, context: {cluster: local}}
- {name: lost-cluster, context: {cluster: nowhere, user: token}}
- {name: lost-user, context: {cluster: local, user: nobody}}
- {name: eks, context: {cluster: local, user: exec}}
- {name: gke, context: {cluster: local, user: provider}}
- {name: basic, context: {cluster: local, user: basic}}
- {name: as, context: {cluster: local, user: as}}
- {name: half, context: {cluster: local, user: half}}
- {name: bad-data, context: {cluster: bad-data}}
- {name: both, context: {cluster: both}}
- {name: no-server, context: {cluster: no-server}}
- {name: proxy, context: {cluster: proxy}}
- {name: shape, context: {cluster: shape}}
clusters:
- {name: local, cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true}}
- name: inline
  cluster:
    server: https://prod:6443/k8s
    certificate-authority-data: Q0E=
    tls-server-name: kubernetes
- {name: files, cluster: {server: "https://files", certificate-authority: pki/ca.crt}}
- {name: bad-data, cluster: {server: "https://x", certificate-authority-data: "not base64!"}}
- {name: both, cluster: {server: "https://x", certificate-authority-data: Q0E=, insecure-skip-tls-verify: true}}
- {name: no-server, cluster: {}}
- {name: proxy, cluster: {server: "https://x", proxy-url: "http://proxy"}}
- {name: shape, cluster: {server: [1]}}
users:
- {name: token, user: {token: s3cret}}
- {name: certificate, user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}}
- name: files
  user: {client-certificate: pki/client.crt, client-key: pki/client.key, tokenFile: token}
- {name: exec, user: {exec: {command: aws}}}
- {name: provider, user: {auth-provider: {name: gcp}}}
- {name: basic, user: {username: a, password: b}}
- {name: as, user: {token: s3cret, as: somebody}}
- {name: half, user: {client-certificate-data: Q0VSVA==}}
)";

TEST(ParseKubeconfig, TakesTheCurrentContext) {
  const Result<Config> config = ParseKubeconfig(kDocument, "/nowhere", "");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server, "https://127.0.0.1:6443");
  EXPECT_TRUE(config->insecure_skip_verify);
  EXPECT_EQ(config->token.reveal(), "s3cret");
  EXPECT_EQ(config->default_namespace, "platform");
}

TEST(ParseKubeconfig, DecodesWhatIsInline) {
  const Result<Config> config = ParseKubeconfig(kDocument, "/nowhere", "prod");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server, "https://prod:6443/k8s");
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_EQ(config->certificate_pem, "CERT");
  EXPECT_EQ(config->key_pem.reveal(), "KEY");
  EXPECT_EQ(config->server_name, "kubernetes");
  EXPECT_FALSE(config->insecure_skip_verify);
  EXPECT_EQ(config->default_namespace, "default");
}

TEST(ParseKubeconfig, ReadsFilesRelativeToItsFolder) {
  const TempFolder folder;
  folder.Write("pki/ca.crt", "ca of a file");
  folder.Write("pki/client.crt", "certificate of a file");
  folder.Write("pki/client.key", "key of a file");

  const Result<Config> config = ParseKubeconfig(kDocument, folder.path(), "files");

  ASSERT_TRUE(config);
  EXPECT_EQ(config->ca_pem, "ca of a file");
  EXPECT_EQ(config->certificate_pem, "certificate of a file");
  EXPECT_EQ(config->key_pem.reveal(), "key of a file");
  EXPECT_EQ(config->token_file, folder.path() + "/token");
}

TEST(ParseKubeconfig, TakesAContextWithoutAUser) {
  const Result<Config> config = ParseKubeconfig(kDocument, "/nowhere", "anonymous");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->token.empty());
}

TEST(ParseKubeconfig, NamesTheEntryThatIsWrong) {
  struct Case {
    const char* context;
    const char* expected;  // part of the message
  };
  for (const Case& test :
       {Case{"absent", "there is no context \"absent\"; there is \"anonymous\""},
        Case{"lost-cluster", "context \"lost-cluster\": there is no cluster \"nowhere\""},
        Case{"lost-user", "context \"lost-user\": there is no user \"nobody\""},
        Case{"eks", "user \"exec\": exec plugins are not supported"},
        Case{"gke", "user \"provider\": auth-provider plugins are not supported"},
        Case{"basic", "user \"basic\": username and password are not supported"},
        Case{"as", "user \"as\": impersonation"},
        Case{"half", "user \"half\": client-key is missing"},
        Case{"bad-data", "cluster \"bad-data\": certificate-authority-data is not base64"},
        Case{"both", "cluster \"both\": insecure-skip-tls-verify"},
        Case{"no-server", "cluster \"no-server\": server"},
        Case{"proxy", "cluster \"proxy\": proxy-url is not supported"},
        Case{"shape", "cluster \"shape\": server is not a string"},
        Case{"files", "cluster \"files\": certificate-authority: cannot read /nowhere/pki"}}) {
    const Result<Config> config = ParseKubeconfig(kDocument, "/nowhere", test.context);
    ASSERT_FALSE(config) << test.context;
    EXPECT_EQ(config.error().code, ErrorCode::kInvalid);
    EXPECT_NE(config.error().message.find(test.expected), std::string::npos)
        << config.error().message;
    EXPECT_EQ(config.error().message.find("s3cret"), std::string::npos);
  }
}

TEST(ParseKubeconfig, RefusesWhatIsNoKubeconfig) {
  for (const char* text :
       {"", "[", "just text", "contexts: 1", "contexts: [1]", "contexts: [{context: {}}]",
        "contexts: [{name: a, context: 1}]\ncurrent-context: a", "current-context: [1]", "- a",
        "current-context: a\ncontexts: [{name: a}]", "&a [*a, *a]", "{a: &x {<<: *x}}"}) {
    const Result<Config> config = ParseKubeconfig(text, "/nowhere", "");
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, ErrorCode::kInvalid) << text;
  }
}

TEST(ParseKubeconfig, BearsDeepNesting) {
  EXPECT_FALSE(ParseKubeconfig(std::string(100'000, '['), "/nowhere", ""));
}

TEST(LoadKubeconfig, NamesAFileThatDoesNotExist) {
  const Result<Config> config = LoadKubeconfig("/nowhere/config", "");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kInvalid);
  EXPECT_NE(config.error().message.find("/nowhere/config"), std::string::npos);
}

TEST(LoadConfig, MergesTheFilesOfTheVariableAndTheFirstWins) {
  const TempFolder folder;
  const std::string first = folder.Write("first", R"(
contexts: [{name: a, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://first"}}]
)");
  const std::string second = folder.Write("second", R"(
current-context: a
clusters: [{name: c, cluster: {server: "https://second"}}]
users: [{name: u, user: {token: t}}]
)");
  const Environment variable("KUBECONFIG", first + ":" + folder.path() + "/absent:" + second);

  const Result<Config> config = LoadConfig("", "");

  ASSERT_TRUE(config);
  EXPECT_EQ(config->server, "https://first");
  EXPECT_EQ(config->token.reveal(), "t");
}

TEST(LoadConfig, PrefersTheFileThatIsNamed) {
  const TempFolder folder;
  const Environment variable("KUBECONFIG", "/nowhere/config");

  EXPECT_TRUE(LoadConfig(folder.Write("config", kDocument), "dev"));
  const Result<Config> config = LoadConfig("", "");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("/nowhere/config"), std::string::npos);
}

TEST(LoadConfig, FallsBackToTheHomeFolderOutsideOfACluster) {
  const TempFolder home;
  const Environment kubeconfig("KUBECONFIG", std::nullopt);
  const Environment host("KUBERNETES_SERVICE_HOST", std::nullopt);
  const Environment home_variable("HOME", home.path());

  const Result<Config> nothing = LoadConfig("", "");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::kNotFound);

  home.Write(".kube/config", kDocument);
  EXPECT_TRUE(LoadConfig("", ""));
}

TEST(LoadInClusterConfig, ReadsWhatKubernetesMounts) {
  const TempFolder folder;
  folder.Write("token", "t");
  folder.Write("ca.crt", "CA");
  folder.Write("namespace", "platform\n");
  const Environment host("KUBERNETES_SERVICE_HOST", "fd00::1");
  const Environment port("KUBERNETES_SERVICE_PORT", "443");

  const Result<Config> config = LoadInClusterConfig(folder.path());

  ASSERT_TRUE(config);
  EXPECT_EQ(config->server, "https://[fd00::1]:443");
  EXPECT_EQ(config->token_file, folder.path() + "/token");
  EXPECT_EQ(config->ca_pem, "CA");
  EXPECT_EQ(config->default_namespace, "platform");
}

TEST(LoadInClusterConfig, IsNotFoundOutsideOfACluster) {
  const Environment host("KUBERNETES_SERVICE_HOST", std::nullopt);
  const Result<Config> config = LoadInClusterConfig("/nowhere");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tenantry::kube
