/* A gateway that takes posts as fast as one core can: HTTP/1.1 over kept connections, epoll.

   sink LATENCY_MS [CERTIFICATE KEY]
   prints its port, answers every request with an empty 200 after the latency, and prints how many it
   took when its standard input ends. With a certificate it speaks TLS. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 4096
#define ROOM (64 * 1024)
#define WAITING (1 << 16)

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

struct connection {
  int used;
  unsigned life;
  size_t held;
  SSL *tls;
  char in[ROOM];
};

struct answer {
  double due;
  int socket;
  unsigned life;
};

static struct connection *all;
static struct answer waiting[WAITING];
static size_t first_waiting, last_waiting;
static unsigned long posts;

static double now(void) {
  struct timespec it;
  clock_gettime(CLOCK_MONOTONIC, &it);
  return it.tv_sec + it.tv_nsec / 1e9;
}

static void end(int socket) {
  struct connection *it = &all[socket];
  if (it->tls) SSL_free(it->tls);
  it->tls = NULL;
  it->used = 0;
  it->life++;
  close(socket);
}

static void reply(int socket) {
  struct connection *it = &all[socket];
  if (it->tls)
    SSL_write(it->tls, ANSWER, sizeof ANSWER - 1);
  else if (send(socket, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0)
    end(socket);
}

static void take(int socket, double latency) {
  posts++;
  if (latency <= 0) {
    reply(socket);
    return;
  }
  struct answer *it = &waiting[last_waiting++ % WAITING];
  it->due = now() + latency;
  it->socket = socket;
  it->life = all[socket].life;
}

/* Every whole request that has arrived; what is left waits for its rest. */
static void look(int socket, double latency) {
  struct connection *it = &all[socket];
  size_t start = 0;
  while (it->used) {
    char *text = it->in + start;
    size_t size = it->held - start;
    char *head_end = memmem(text, size, "\r\n\r\n", 4);
    if (!head_end) break;
    size_t length = 0;
    for (char *line = text; line < head_end; line = (char *)memmem(line, head_end + 2 - line, "\r\n", 2) + 2)
      if (!strncasecmp(line, "content-length:", 15)) length = strtoul(line + 15, NULL, 10);
    size_t whole = (head_end - text) + 4 + length;
    if (whole > ROOM) {
      end(socket);
      return;
    }
    if (size < whole) break;
    start += whole;
    take(socket, latency);
  }
  if (!it->used) return;
  memmove(it->in, it->in + start, it->held - start);
  it->held -= start;
}

static void receive(int socket, double latency) {
  struct connection *it = &all[socket];
  for (;;) {
    long size;
    if (it->tls) {
      int got = SSL_read(it->tls, it->in + it->held, (int)(ROOM - it->held));
      int why = got > 0 ? 0 : SSL_get_error(it->tls, got);
      if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
      size = got > 0 ? got : 0;
    } else {
      size = recv(socket, it->in + it->held, ROOM - it->held, 0);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    }
    if (size <= 0) {
      end(socket);
      return;
    }
    it->held += size;
    look(socket, latency);
    if (!it->used) return;
  }
}

int main(int count, char **arguments) {
  double latency = count > 1 ? atof(arguments[1]) / 1000 : 0;
  SSL_CTX *tls = NULL;
  signal(SIGPIPE, SIG_IGN);
  if (count > 3) {
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(tls, arguments[2]) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, arguments[3], SSL_FILETYPE_PEM) != 1) {
      fprintf(stderr, "sink: no certificate\n");
      return 1;
    }
  }
  all = calloc(CONNECTIONS, sizeof *all);
  int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (!all || bind(door, (struct sockaddr *)&at, size) || listen(door, 1024) ||
      getsockname(door, (struct sockaddr *)&at, &size)) {
    perror("sink");
    return 1;
  }
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = door}, ready[256];
  epoll_ctl(poll, EPOLL_CTL_ADD, door, &event);
  event.data.fd = STDIN_FILENO;
  epoll_ctl(poll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  for (;;) {
    int wait = -1;
    if (first_waiting != last_waiting) {
      double left = waiting[first_waiting % WAITING].due - now();
      wait = left > 0 ? (int)(left * 1000) + 1 : 0;
    }
    int found = epoll_wait(poll, ready, 256, wait);
    for (int number = 0; number < found; number++) {
      int socket = ready[number].data.fd;
      if (socket == STDIN_FILENO) {
        char rest[64];
        if (read(STDIN_FILENO, rest, sizeof rest) > 0) continue;
        printf("%lu\n", posts);
        return 0;
      }
      if (socket != door) {
        if (all[socket].used) receive(socket, latency);
        continue;
      }
      int fresh;
      while ((fresh = accept4(door, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fresh >= CONNECTIONS) {
          close(fresh);
          continue;
        }
        setsockopt(fresh, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        all[fresh].used = 1;
        all[fresh].held = 0;
        if (tls) {
          all[fresh].tls = SSL_new(tls);
          SSL_set_fd(all[fresh].tls, fresh);
          SSL_set_accept_state(all[fresh].tls);
        }
        event.events = EPOLLIN;
        event.data.fd = fresh;
        epoll_ctl(poll, EPOLL_CTL_ADD, fresh, &event);
      }
    }
    double at_now = now();
    while (first_waiting != last_waiting && waiting[first_waiting % WAITING].due <= at_now) {
      struct answer *it = &waiting[first_waiting++ % WAITING];
      if (all[it->socket].used && all[it->socket].life == it->life) reply(it->socket);
    }
  }
}
